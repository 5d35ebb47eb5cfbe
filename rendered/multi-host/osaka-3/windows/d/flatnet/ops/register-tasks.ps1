# Run as administrator: makes the scheduled tasks of our folder those that tasks\ describes. A task that is no longer
# described is removed. Tasks that run WSL need the password of its account, which Windows keeps; it is asked for once.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$settings = Get-Content -LiteralPath (Join-Path $PSScriptRoot 'settings.json') -Raw -Encoding UTF8 | ConvertFrom-Json
$folder = "\$($settings.tasks.folder)\"

foreach ($task in @(Get-ScheduledTask -TaskPath $folder -ErrorAction SilentlyContinue)) {
    if ($settings.tasks.system -contains $task.TaskName) { continue }
    if ($settings.tasks.account -contains $task.TaskName) { continue }
    Unregister-ScheduledTask -TaskPath $folder -TaskName $task.TaskName -Confirm:$false
    "removed $($task.TaskName)"
}

foreach ($name in $settings.tasks.system) {
    $xml = Get-Content -LiteralPath (Join-Path $PSScriptRoot "tasks\$name.xml") -Raw -Encoding Unicode
    $null = Register-ScheduledTask -TaskPath $folder -TaskName $name -Xml $xml -Force
    "OK $name"
}

$credential = Get-Credential -UserName $settings.tasks.user -Message $settings.tasks.why
$user = $credential.UserName
$password = $credential.GetNetworkCredential().Password
foreach ($name in $settings.tasks.account) {
    $xml = Get-Content -LiteralPath (Join-Path $PSScriptRoot "tasks\$name.xml") -Raw -Encoding Unicode
    $null = Register-ScheduledTask -TaskPath $folder -TaskName $name -Xml $xml -User $user -Password $password -Force
    Start-ScheduledTask -TaskPath $folder -TaskName $name
    "OK $name"
}
