"""What a person reads when an image cannot be had."""

from __future__ import annotations

from gridle.market.protocol.errors import RefusedError, UnavailableError


def silent(host: str, detail: str = "") -> UnavailableError:
    """Return that a registry does not answer."""
    said = f" ({detail})" if detail else ""
    return UnavailableError(
        f"The image registry {host} does not answer{said}; it is tried again. Check this machine's "
        "network if that lasts.",
        f"镜像仓库 {host} 没有响应{said}；将重试。若持续如此，请检查本机网络。",
    )


def refused(host: str, why: str) -> RefusedError:
    """Return that a registry's answer is not taken; `why` is English, for experts."""
    return RefusedError(
        f"The image registry {host} is not used for this job: {why}. Its requestor must name "
        "another.",
        f"此作业不使用镜像仓库 {host}（{why}）；需由发布者另行指定。",
    )


def denied(host: str) -> RefusedError:
    """Return that a registry does not give the image to just anybody."""
    return RefusedError(
        f"The image registry {host} does not give this job's image to the public; its requestor "
        "must publish it.",
        f"镜像仓库 {host} 不公开提供此作业的镜像；需由发布者公开。",
    )


def absent(host: str) -> RefusedError:
    """Return that a registry does not have it."""
    return RefusedError(
        f"The image registry {host} does not have this job's image; its requestor must put it "
        "there.",
        f"镜像仓库 {host} 中没有此作业的镜像；需由发布者上传。",
    )


def disk_full(detail: str) -> UnavailableError:
    """Return that an image cannot be stored."""
    return UnavailableError(
        f"An image could not be stored ({detail}); free some disk space.",
        f"无法保存镜像（{detail}）；请释放一些磁盘空间。",
    )
