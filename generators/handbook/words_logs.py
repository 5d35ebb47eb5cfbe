"""What the handbook says of log lines that are late, that are found twice, and that are lost."""

from __future__ import annotations

LOGS: dict[str, tuple[str, str]] = {
    "lines": ("Lines that are late, found twice, or lost", "届かない行・重複する行・失われる行"),
    "lines_intro": (
        (
            "A collector or a Loki that stops, is killed or is away loses no line: the collector goes on from where "
            "its lines had arrived. What remains:"
        ),
        (
            "収集エージェントや Loki が停止・強制終了・不通になっても、行は失われません。"
            "収集エージェントは、Loki に届いたところから続けます。残るのは次の場合です。"
        ),
    ),
    "lines_what": ("What happens", "起きること"),
    "lines_means": ("What it means for lines", "行への影響"),
    "lines_restart": ("The collector starts again", "収集エージェントの再起動"),
    "lines_restart_means": (
        "Lines of the two minutes before may be found twice, with the same time and text.",
        "直前の約 2 分間の行が、同じ時刻・同じ内容で重複することがあります。",
    ),
    "lines_rotation": ("A log file of WSL is rotated", "WSL のログファイルのローテーション"),
    "lines_rotation_means": (
        "The first lines of the new file arrive up to a minute later.",
        "新しいファイルの最初の行は、届くまでに最大 1 分かかります。",
    ),
    "lines_away": ("Loki or the collector is away for long", "Loki または収集エージェントの長時間の停止"),
    "lines_away_means": (
        (
            "Files wait for a day, or until they hold more than their log may; the journal until it is full. What is "
            "older is not in Loki any more."
        ),
        (
            "ファイルは 1 日間、またはログごとの上限を超えるまで、ジャーナルは満杯になるまで待ちます。"
            "それより古い行は Loki に残りません。"
        ),
    ),
    "lines_flood": (
        "A service writes more than `logs.limits.unit_lines`",
        "サービスの出力が `logs.limits.unit_lines` を超過",
    ),
    "lines_flood_means": (
        "What is above it is lost; the alert LogLinesSuppressed says how much. The lines of the others arrive.",
        "超えた分は失われ、その量はアラート LogLinesSuppressed で通知されます。ほかのサービスの行は届きます。",
    ),
    "lines_windows": ("The collector of Windows is killed", "Windows の収集エージェントの強制終了"),
    "lines_windows_means": (
        (
            "Events that it had read and not sent are not in Loki: of some seconds, and while Loki was away at most "
            "10 MB. The event log of Windows still has them."
        ),
        (
            "読み取り済みで未送信のイベントは Loki に残りません。通常は数秒分、Loki の不通中は最大 10 MB です。"
            "Windows のイベントログには残っています。"
        ),
    ),
    "lines_file": (
        "A container whose log driver is `k8s-file` fills its file more than once a minute",
        "ログドライバーが `k8s-file` のコンテナが、1 分間に 2 回以上ファイルを使い切った場合",
    ),
    "lines_file_means": (
        "Podman replaces the file; while the collector is away, the lines of all but the last file may be lost.",
        "Podman がファイルを置き換えるため、収集エージェントの停止中は、最後のもの以外の行が失われることがあります。",
    ),
}
