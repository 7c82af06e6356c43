"""Limits, readings and wishes of any kind, for the properties of the policy."""

from __future__ import annotations

import msgspec
from hypothesis import strategies as st

from gridle.worker.policy.limits import Budget, Limits
from gridle.worker.policy.owner import OwnerWish
from gridle.worker.policy.readings import (
    Attention,
    AttentionKind,
    Blindness,
    Gpu,
    Network,
    Readings,
)

NOW = 1_800_000_000.0

budgets = st.builds(
    Budget,
    cpu_percent=st.integers(1, 100),
    cores=st.integers(1, 256),
    memory_mib=st.integers(64, 2**20),
    gpu_percent=st.integers(0, 100),
    download_kib_s=st.just(0) | st.integers(1, 2**20),
    upload_kib_s=st.just(0) | st.integers(1, 2**20),
    cpu_max_c=st.integers(40, 110),
    gpu_max_c=st.integers(40, 110),
    networks=st.sampled_from([(), ("wired",), ("wired", "wifi"), ("wired", "wifi", "mobile")]),
)
days = st.text("#.", min_size=24, max_size=24)
limits_of_any_kind = st.builds(
    Limits,
    while_away=budgets,
    while_in_use=budgets,
    pause_when_used=st.booleans(),
    idle_after_s=st.integers(1, 86400),
    films_count_as_use=st.booleans(),
    run_on_battery=st.booleans(),
    battery_least_percent=st.integers(0, 100),
    work_in_power_saver=st.booleans(),
    foreign_cpu_max_percent=st.integers(1, 100),
    memory_pressure_max_percent=st.integers(1, 100),
    fan_max_rpm=st.integers(0, 5000),
    pause_when_gpu_used=st.booleans(),
    disk_mib=st.integers(64, 2**20),
    disk_keep_free_mib=st.integers(64, 2**20),
    volume_mib_per_month=st.integers(0, 2**20),
    use_metered_network=st.booleans(),
    hours=st.tuples(*[days] * 7),
)
gpus_of_any_kind = st.builds(
    Gpu,
    index=st.integers(0, 3),
    name=st.just("card"),
    memory_bytes=st.just(2**33),
    memory_used_bytes=st.integers(0, 2**33),
    utilisation_percent=st.integers(0, 100),
    uuid=st.sampled_from(["", "GPU-1", "GPU-2"]),
    temperature_c=st.none() | st.floats(20, 120),
    foreign_programs=st.sampled_from([(), ("game",)]),
)
readings_of_any_kind = st.builds(
    Readings,
    seconds_since_input=st.none() | st.floats(0, 1e6),
    session_unseen=st.booleans(),
    on_battery=st.booleans(),
    battery_percent=st.none() | st.floats(0, 100),
    foreign_cpu_percent=st.floats(0, 100),
    free_memory_bytes=st.integers(0, 2**40),
    cores=st.integers(1, 256),
    gpus=st.lists(gpus_of_any_kind, max_size=2, unique_by=lambda gpu: gpu.uuid or gpu.index).map(
        tuple
    ),
    blindness=st.none() | st.sampled_from(Blindness),
    session_locked=st.booleans(),
    attention=st.sampled_from(
        [(), (Attention(AttentionKind.FULLSCREEN, "game"),), (Attention(AttentionKind.INHIBITOR),)]
    ),
    power_saver=st.booleans(),
    cpu_temperature_c=st.none() | st.floats(20, 120),
    fan_rpm=st.none() | st.floats(0, 6000),
    memory_pressure_percent=st.none() | st.floats(0, 100),
    free_disk_bytes=st.none() | st.integers(0, 2**42),
    our_disk_bytes=st.integers(0, 2**40),
    network=st.builds(
        Network,
        kind=st.sampled_from(["wired", "wifi", "mobile"]),
        metered=st.booleans(),
        connected=st.booleans(),
    ),
    volume_bytes=st.integers(0, 2**42),
    exclusive_program=st.none() | st.just("blender"),
)
wishes = st.builds(
    OwnerWish,
    started=st.booleans(),
    paused=st.booleans(),
    paused_until=st.none() | st.floats(NOW - 10, NOW + 10),
    finishing=st.booleans(),
)


def higher(one: Budget, other: Budget) -> Budget:
    """Return `one` with each figure of processor, memory and cards at least that of `other`."""
    return msgspec.structs.replace(
        one,
        cpu_percent=max(one.cpu_percent, other.cpu_percent),
        cores=max(one.cores, other.cores),
        memory_mib=max(one.memory_mib, other.memory_mib),
        gpu_percent=max(one.gpu_percent, other.gpu_percent),
        cpu_max_c=max(one.cpu_max_c, other.cpu_max_c),
        gpu_max_c=max(one.gpu_max_c, other.gpu_max_c),
    )
