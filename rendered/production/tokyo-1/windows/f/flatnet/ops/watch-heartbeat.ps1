# The far end of the dead man's switch. Looks at signs of life, and tells people itself when there is none: once, again
# after a while, and when it is over. With -Test it tells that it can tell, and nothing else.

param([switch] $Test)

. (Join-Path $PSScriptRoot 'common.ps1')

# Longer than this between two runs: Windows slept or was off, and silence is counted from now on.
$Pause = 180

# Unix seconds that a text tells; 0: it tells none.
function Read-Seconds([string] $Text) {
    if ($Text -notmatch '^[0-9]{1,12}$') { return 0 }
    return [long] $Text
}

# When the last heartbeat came, by the file that the Gateway writes.
function Get-FileLife([string] $Path) {
    if (-not [System.IO.File]::Exists($Path)) { return 0 }
    return Read-Seconds ([System.IO.File]::ReadAllText($Path).Trim())
}

# The Gateway of another host: any answer is a sign of life of the machine, the number in it one of the whole stack.
function Get-HostLife($Watched) {
    try {
        $answer = Invoke-WebRequest -Uri $Watched.url -UseBasicParsing -TimeoutSec 10
        $text = [System.Text.Encoding]::ASCII.GetString($answer.RawContentStream.ToArray()).Trim()
        if (-not $Watched.beats) { return Get-UnixTime }
        return Read-Seconds $text
    } catch [System.Net.WebException] {
        if ($null -eq $_.Exception.Response) { return 0 }
        if ($Watched.beats) { return 0 }
        return Get-UnixTime
    }
}

function Get-Life($Watched) {
    if ($null -ne $Watched.file) { return Get-FileLife $Watched.file }
    return Get-HostLife $Watched
}

function Send-Slack($Slack, [string] $Text) {
    $url = (Get-Content -LiteralPath $Slack.url_file -Raw -Encoding UTF8).Trim()
    $body = [System.Text.Encoding]::UTF8.GetBytes((ConvertTo-Json @{ text = $Text; channel = $Slack.channel }))
    $type = 'application/json; charset=utf-8'
    $null = Invoke-WebRequest -Uri $url -Method Post -Body $body -ContentType $type -UseBasicParsing -TimeoutSec 20
}

function Send-Mail($Mail, [string] $Subject, [string] $Text) {
    $message = New-Object System.Net.Mail.MailMessage
    $client = New-Object System.Net.Mail.SmtpClient($Mail.host, $Mail.port)
    try {
        $message.From = New-Object System.Net.Mail.MailAddress($Mail.from)
        foreach ($address in $Mail.to) { $message.To.Add($address) }
        $message.Subject = $Subject
        $message.SubjectEncoding = [System.Text.Encoding]::UTF8
        $message.Body = $Text
        $message.BodyEncoding = [System.Text.Encoding]::UTF8
        $client.EnableSsl = $Mail.starttls
        $client.Timeout = 20000
        if ($null -ne $Mail.username) {
            $password = (Get-Content -LiteralPath $Mail.password_file -Raw -Encoding UTF8).Trim()
            $client.Credentials = New-Object System.Net.NetworkCredential($Mail.username, $password)
        }
        $client.Send($message)
    } finally {
        $client.Dispose()
        $message.Dispose()
    }
}

# By every way that the receiver has. A way that fails is told to the event log; it is a failure when none got through,
# and in a test when any did not.
function Send-Text($Settings, [string] $Subject, [string] $Text) {
    $watch = $Settings.heartbeat
    $reached = $false
    $failures = @()
    if ($null -ne $watch.slack) {
        try {
            Send-Slack $watch.slack "*$Subject*`n$Text"
            $reached = $true
        } catch {
            $failures += "Slack: $($_.Exception.Message)"
        }
    }
    if ($null -ne $watch.mail) {
        try {
            Send-Mail $watch.mail $Subject $Text
            $reached = $true
        } catch {
            $failures += "mail: $($_.Exception.Message)"
        }
    }
    $why = $failures -join '; '
    if (-not $reached) { throw "nobody could be told `"$Subject`": $why" }
    if ($failures.Count -eq 0) { return }
    if ($Test) { throw "`"$Subject`" went out, but not by every way: $why" }
    Write-Event $Settings 'Warning' "`"$Subject`" went out, but not by every way: $why"
}

# What is known of each watched thing: when it lived last, and when people were told of its silence (0: not).
function Read-State([string] $Path) {
    $state = @{ run = 0; life = @{}; told = @{} }
    if (-not [System.IO.File]::Exists($Path)) { return $state }
    foreach ($line in [System.IO.File]::ReadAllLines($Path)) {
        $words = $line.Split(' ')
        if ($words[0] -eq 'run') { $state.run = [long] $words[1] }
        if ($words[0] -eq 'watched') {
            $state.life[$words[1]] = [long] $words[2]
            $state.told[$words[1]] = [long] $words[3]
        }
    }
    return $state
}

function Write-State([string] $Path, $State) {
    $text = "run $($State.run)`n"
    foreach ($name in $State.life.Keys) { $text += "watched $name $($State.life[$name]) $($State.told[$name])`n" }
    Write-Whole $Path $text
}

# What people are to be told: silent, over, or nothing. $Seen is the last sign of life, $Life what silence counts from.
function Get-Verdict([long] $Now, [long] $Seen, [long] $Life, [long] $Told, $Watch) {
    if (($Told -gt 0) -and ($Seen -gt $Told)) { return 'over' }
    if ($Now - $Life -lt $Watch.silent_seconds) { return 'nothing' }
    if (($Told -eq 0) -or ($Now - $Told -ge $Watch.repeat_seconds)) { return 'silent' }
    return 'nothing'
}

function Get-Clock([long] $Unix) {
    $time = [System.DateTimeOffset]::FromUnixTimeSeconds($Unix).ToLocalTime()
    return $time.ToString('yyyy-MM-dd HH:mm:ss', [System.Globalization.CultureInfo]::InvariantCulture)
}

# Looks at one thing, tells what is to be told, and remembers what was told once it got through. What cannot be looked
# at gives no sign of life, and that is told too.
function Watch-One($Settings, $Watched, $State, [long] $Now, [long] $Since) {
    $watch = $Settings.heartbeat
    $name = $Watched.name
    if (-not $State.life.ContainsKey($name)) { $State.life[$name] = 0 }
    if (-not $State.told.ContainsKey($name)) { $State.told[$name] = 0 }
    $seen = 0
    $failure = ''
    try { $seen = [System.Math]::Min((Get-Life $Watched), $Now) } catch { $failure = $_.Exception.Message }
    $life = [System.Math]::Max([System.Math]::Max($State.life[$name], $Since), $seen)
    $State.life[$name] = $life
    $verdict = Get-Verdict $Now $seen $life $State.told[$name] $watch
    if ($verdict -eq 'silent') {
        $minutes = [System.Math]::Floor(($Now - $life) / 60)
        Send-Text $Settings ($Watched.silent -f $name, $minutes) ($Watched.steps -f $name, (Get-Clock $life))
        $State.told[$name] = $Now
    }
    if ($verdict -eq 'over') {
        Send-Text $Settings ($Watched.over -f $name) ($Watched.since -f $name, (Get-Clock $life))
        $State.told[$name] = 0
    }
    if ($failure) { throw "$name cannot be looked at: $failure" }
}

# Whether a run without a memory tells people: two in a row, should one fail, and again after a while. The last run that
# could be remembered is what it counts from.
function Test-Turn($Watch, [long] $Now, [long] $Run) {
    $age = $Now - $Run
    return ($age -ge $Watch.silent_seconds) -and (($age - $Watch.silent_seconds) % $Watch.repeat_seconds -lt 120)
}

exit (Invoke-Task 'watch-heartbeat' {
    param($Settings)
    [System.Net.ServicePointManager]::SecurityProtocol = [System.Net.SecurityProtocolType]::Tls12
    $watch = $Settings.heartbeat
    if ($Test) {
        Send-Text $Settings $watch.test_subject $watch.test_text
        return
    }
    $now = Get-UnixTime
    $state = Read-State $watch.state
    $last = $state.run
    $since = 0
    if ($now - $last -gt $Pause) { $since = $now }
    $state.run = $now
    $failures = @()
    # First of all, since a run that is not remembered looks like a long sleep to the next one: nobody would ever be told.
    try {
        Write-State $watch.state $state
    } catch {
        $failures += "$($watch.state) cannot be written: $($_.Exception.Message)"
        if (-not (Test-Turn $watch $now $last)) { throw $failures[0] }
        $since = 0
        try {
            Send-Text $Settings $watch.forgets_subject ($watch.forgets_text -f $failures[0])
        } catch {
            $failures += $_.Exception.Message
        }
    }
    foreach ($watched in $watch.watched) {
        try { Watch-One $Settings $watched $state $now $since } catch { $failures += $_.Exception.Message }
    }
    try { Write-State $watch.state $state } catch { $failures += $_.Exception.Message }
    if ($failures.Count -gt 0) { throw ($failures -join "`n") }
} -Unlocked)
