"""Every text of the windows, in every language that Gridle speaks.

An ampersand marks the mnemonic of a control; `say` picks the language.
"""

from __future__ import annotations

from gridle.market.protocol.sentence import Sentence
from gridle.worker.policy.consent import Answer, Ruling
from gridle.worker.policy.presets import Preset

APP_NAME = Sentence("Gridle", "Gridle")

# The worker itself
WORKER_NOT_RUNNING = Sentence(
    "The worker is not running on this computer. Press Start to run it.",
    "这台电脑上的工作程序没有运行。请按“开始”启动。",
)
WORKER_STARTING = Sentence("Starting the worker …", "正在启动工作程序……")
WORKER_SEARCHING = Sentence("Looking for the worker …", "正在寻找工作程序……")
WORKER_WENT_AWAY = Sentence(
    "The worker stopped before it answered. Try again when it runs.",
    "工作程序在答复之前停止了。请在它运行后重试。",
)
WORKER_RESTARTS = Sentence(
    "The worker is not running. The practice starts it again by itself.",
    "工作程序没有运行。练习环境会自动重新启动它。",
)
WORKER_NOT_STARTED = Sentence(
    "The worker could not be started. Run “gridle worker doctor” to see why.",
    "无法启动工作程序。请运行“gridle worker doctor”查看原因。",
)
OTHER_VERSION = Sentence(
    "The worker has another version than this app; restart both after the update.",
    "工作程序与本应用版本不同；更新后请重新启动两者。",
)

# Activity
WORKING = Sentence("Working", "正在工作")
WAITING = Sentence("Waiting for work", "等待任务")
PAUSED = Sentence("Paused", "已暂停")
STOPPED = Sentence("Stopped", "已停止")
NOT_RUNNING = Sentence("Not running", "未运行")
START = Sentence("&Start", "开始(&S)")
PAUSE = Sentence("&Pause", "暂停(&P)")
START_HINT = Sentence("Let this computer work", "让这台电脑工作")
PAUSE_HINT = Sentence("Pause all work until Start is pressed", "暂停所有工作，直到按“开始”")
PAUSE_FOR = Sentence("Pa&use for", "暂停一段时间(&E)")
FINISH = Sentence("&Finish, then stop", "完成后停止(&F)")
FINISH_HINT = Sentence(
    "Take no new work, and stop when the running tasks are done",
    "不再接收新任务，正在运行的任务完成后停止",
)
ALSO = Sentence("Also: {why}", "另外：{why}")
ALLOWED_GPU = Sentence("graphics cards {gpu} %", "显卡 {gpu} %")
DRAWS = Sentence("{watts} W now", "当前功率 {watts} W")
ALLOWED = Sentence(
    "May use {cpu} % of {cores} of {machine} cores",
    "可使用 {machine} 个核心中的 {cores} 个，各 {cpu} %",
)

# Pages
OVERVIEW = Sentence("&Overview", "概览(&O)")
LIMITS = Sentence("&Limits", "限制(&L)")
RESULTS = Sentence("&Results", "成果(&R)")
PLAY_MONEY = Sentence(
    "Play money: this is a practice market. Nothing here can be spent.",
    "练习用货币：这是练习市场，这里的钱不能花用。",
)

# Tasks
TASKS = Sentence("Tasks", "任务")
NO_TASKS = Sentence("No task is here at the moment.", "目前没有任务。")
PROGRESS_OF = Sentence("Progress of {title}", "{title}的进度")
TASK_STATES = {
    "offered": Sentence("Offered", "已提供"),
    "fetching": Sentence("Fetching", "获取中"),
    "ready": Sentence("Ready", "就绪"),
    "running": Sentence("Running", "运行中"),
    "paused": Sentence("Paused", "已暂停"),
    "finishing": Sentence("Finishing", "收尾中"),
    "reported": Sentence("Reported", "已提交"),
    "settled": Sentence("Settled", "已结算"),
    "failed": Sentence("Failed", "失败"),
    "returned": Sentence("Returned", "已退回"),
}
RUNTIMES = {
    "wasm": Sentence("WebAssembly", "WebAssembly"),
    "container": Sentence("Container", "容器"),
}

# Jobs
OFFERED_JOBS = Sentence("&Jobs", "作业(&J)")
OFFERED_JOBS_ASKING = Sentence("&Jobs ({count} ask)", "作业(&J)（{count} 个待答复）")
NO_JOBS = Sentence("No job was offered here lately.", "最近没有作业。")
ANSWERS = {
    Answer.ONCE: Sentence("Allow once", "允许一次"),
    Answer.ALWAYS: Sentence("Always allow", "始终允许"),
    Answer.NEVER: Sentence("Never", "从不"),
}
ANSWER_HINTS = {
    Answer.ONCE: Sentence("Let this job run, and ask again for the next", "允许此作业，下次再询问"),
    Answer.ALWAYS: Sentence(
        "Let this publisher's jobs of this kind run", "允许该发布者的此类作业运行"
    ),
    Answer.NEVER: Sentence("Refuse this publisher's jobs of this kind", "拒绝该发布者的此类作业"),
}
RULINGS = {
    Ruling.RUN: Sentence("May run.", "可以运行。"),
    Ruling.REFUSE: Sentence("Refused: it does not run here.", "已拒绝：不会在本机运行。"),
    Ruling.ASK: Sentence(
        "Waits for your answer; other work goes on.", "等待您的答复；其他工作照常进行。"
    ),
}

# Earnings
EARNINGS = Sentence("Earnings", "收入")
TODAY = Sentence("Today", "今天")
TOTAL = Sentence("Total", "总计")
PENDING = Sentence("Pending", "待确认")
EARNED = Sentence("Earned", "已赚得")
PAID = Sentence("Paid", "已支付")
PENDING_HINT = Sentence("Reported, not yet accepted", "已提交，尚未被接受")
EARNED_HINT = Sentence("Accepted; its voucher is on this computer", "已被接受；凭证在这台电脑上")
PAID_HINT = Sentence("In your wallet, on the chain", "已在链上进入您的钱包")
TASKS_DONE = Sentence("{count} tasks accepted", "已接受 {count} 个任务")

# Wallet
WALLET = Sentence("Wallet", "钱包")
BALANCE = Sentence("Balance on the chain", "链上余额")
ADDRESS = Sentence("Paid into", "收款地址")
COPY = Sentence("&Copy", "复制(&C)")
COPY_HINT = Sentence("Copy the wallet address", "复制钱包地址")
COPIED = Sentence("Copied", "已复制")
BALANCE_UNKNOWN = Sentence("The chain does not answer; trying again.", "链没有应答；正在重试。")

# The market
MARKET_HEARD = Sentence("Connected to the market", "已连接市场")
MARKET_SILENT = Sentence("The market does not answer yet", "市场尚未应答")

# Notices
NOTICES = Sentence("Good to know", "提示")

# Limits
UNITS = {
    "cores": Sentence("", " 个"),
    "s": Sentence(" s", " 秒"),
    "rpm": Sentence(" rpm", " 转/分"),
}
"""Units that are not written alike in every language; the others stand as they are."""
PRESET_LABEL = Sentence("Presets:", "预设：")
PRESETS = {
    Preset.QUIET: Sentence("&Quiet", "安静(&Q)"),
    Preset.BALANCED: Sentence("&Balanced", "均衡(&B)"),
    Preset.FULL: Sentence("&Full", "全力(&F)"),
}
PRESET_HINTS = {
    Preset.QUIET: Sentence(
        "A quarter of half the cores, cool and silent", "一半核心的四分之一，低温安静"
    ),
    Preset.BALANCED: Sentence(
        "Most of the computer while you are away, nothing while you use it",
        "离开时使用大部分性能，使用时暂停",
    ),
    Preset.FULL: Sentence(
        "Everything while you are away, and gentle work while you use it",
        "离开时使用全部性能，使用时轻量工作",
    ),
}
APPLY = Sentence("&Apply", "应用(&A)")
REVERT = Sentence("&Undo changes", "撤销更改(&U)")
APPLIED = Sentence("These limits hold now.", "这些限制现已生效。")
LIMITS_NEED_WORKER = Sentence(
    "Limits can be changed while the worker runs.", "工作程序运行时才能更改限制。"
)
IN_USE_NOTE = Sentence(
    "These hold while you use the computer, unless work pauses then.",
    "在您使用电脑时生效；若设为使用时暂停则不起作用。",
)

HOURS_NOTE = Sentence(
    "Click or drag to change hours. By keyboard: arrows, Shift and arrows, then Space.",
    "点击或拖动可更改时段。键盘操作：方向键、Shift 加方向键选择，空格键切换。",
)
PROGRAMS_NOTE = Sentence(
    "One a line: a name such as blender, or a whole path.",
    "每行一个：程序名（如 blender）或完整路径。",
)
HOUR_OF = Sentence("{day} {hour}:00–{end}:00: {state}", "{day} {hour}:00–{end}:00：{state}")
MAY_WORK = Sentence("may work", "可以工作")
MAY_NOT_WORK = Sentence("may not work", "不可工作")
SUCH_AS = Sentence("such as {example}", "例如 {example}")
DOES_NOT_FIT = Sentence(
    "“{label}” does not fit yet; write it like this: {example}.",
    "“{label}”的内容无效；请写成这样：{example}。",
)

# Results
NO_RESULTS = Sentence(
    "Results appear here as soon as the first tasks are done.", "首批任务完成后，成果会显示在这里。"
)
TASKS_OF = Sentence("{done} of {total} tasks", "{total} 个任务中的 {done} 个")
PICTURE_OF = Sentence("Picture of {title}", "{title}的图片")
NO_PICTURE = Sentence("The picture cannot be shown.", "无法显示图片。")
JOBS = Sentence("Jobs", "作业")

# Tray and quitting
PAUSE_HALF_HOUR = Sentence("Pause for &30 minutes", "暂停 30 分钟(&3)")
PAUSE_HOUR = Sentence("Pause for &1 hour", "暂停 1 小时(&1)")
PAUSE_MORNING = Sentence("Pause until &tomorrow, 8:00", "暂停到明天 8:00(&T)")
OPEN = Sentence("&Open Gridle", "打开 Gridle(&O)")
QUIT = Sentence("&Quit", "退出(&Q)")
TODAY_LINE = Sentence("Today: {amount}", "今天：{amount}")
IN_TRAY = Sentence(
    "Gridle goes on in the tray. Quit there to end it.", "Gridle 在托盘中继续运行。可在那里退出。"
)
QUIT_QUESTION = Sentence("Close Gridle?", "要关闭 Gridle 吗？")
QUIT_DETAIL = Sentence(
    "The worker can keep earning in the background without this window.",
    "没有此窗口，工作程序也可以在后台继续赚钱。",
)
KEEP_WORKING = Sentence("&Keep working in the background", "在后台继续工作(&K)")
STOP_WORKER = Sentence("&Stop the worker too", "同时停止工作程序(&S)")
CANCEL = Sentence("&Cancel", "取消(&C)")
PRACTICE_DETAIL = Sentence(
    "This ends the practice: its market, its chain and its worker stop. "
    "Everything is kept for the next time.",
    "这将结束练习：练习市场、链和工作程序都会停止。所有内容都会保留到下次。",
)
END_PRACTICE = Sentence("&End the practice", "结束练习(&E)")


# The command line
USAGE = Sentence(
    "usage: gridle app [--worker-home DIR] [--practice DIR]",
    "用法：gridle app [--worker-home 文件夹] [--practice 文件夹]",
)
NO_SCREEN = Sentence(
    "There is no screen to open a window on. Use “gridle worker status”, or set DISPLAY.",
    "没有可以打开窗口的屏幕。请使用“gridle worker status”，或设置 DISPLAY。",
)


def say(sentence: Sentence, **values: object) -> str:
    """Return a text in the person's language with its figures put in."""
    return str(sentence).format(**values) if values else str(sentence)
