# Run as administrator: makes the scheduled tasks of our folder those that tasks\ describes. A task that is no longer
# described is removed. Tasks that run WSL need the password of its account, which Windows keeps; it is asked for once.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$settings = Get-Content -LiteralPath (Join-Path $PSScriptRoot 'settings.json') -Raw -Encoding UTF8 | ConvertFrom-Json
$folder = "\$($settings.tasks.folder)\"

# A task that starts and fails is no task: the account may not log on like this, or has another password now.
function Wait-Running([string] $Name) {
    for ($try = 0; $try -lt 30; $try++) {
        if ("$((Get-ScheduledTask -TaskPath $folder -TaskName $Name).State)" -eq 'Running') { return }
        Start-Sleep -Milliseconds 1000
    }
    $code = '0x{0:X8}' -f (Get-ScheduledTaskInfo -TaskPath $folder -TaskName $Name).LastTaskResult
    $known = @{ '0x80070569' = 'the account may not log on as a batch job: run grant-batch-logon.ps1' }
    $known['0x8007052E'] = 'the password is not that of the account'
    $known['0xFFFFFFFF'] = "wsl.exe has failed: run its command by hand, as $($settings.tasks.user)"
    $why = 'see the history of the task in the Task Scheduler'
    if ($known.ContainsKey($code)) { $why = $known[$code] }
    throw "$Name does not run, and ended with ${code}: $why"
}

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
    Wait-Running $name
    "OK $name"
}
