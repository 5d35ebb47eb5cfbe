# Run as administrator: makes the firewall rules of our group those of firewall.json: each is made anew, others of the
# group removed. Rules of other groups are left alone, but for those that let something in to
# nginx.exe or block it, which Windows makes when somebody presses a button: they would make ours void.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$wanted = Get-Content -LiteralPath (Join-Path $PSScriptRoot 'firewall.json') -Raw -Encoding UTF8 | ConvertFrom-Json

foreach ($side in @(Get-NetFirewallProfile -PolicyStore ActiveStore)) {
    if ("$($side.Enabled)" -ne 'True') { Write-Warning "the firewall is off in the profile $($side.Name)" }
    if ("$($side.DefaultInboundAction)" -eq 'Allow') {
        $text = "the profile $($side.Name) lets in everything that no rule blocks, whatever our rules say."
        Write-Warning "$text Set-NetFirewallProfile -Name $($side.Name) -DefaultInboundAction Block"
    }
}

$there = @(Get-NetFirewallRule -Group $wanted.group -ErrorAction SilentlyContinue | ForEach-Object { $_.Name })
$names = @($wanted.rules | ForEach-Object { $_.name })
foreach ($name in $there) {
    if ($names -contains $name) { continue }
    Remove-NetFirewallRule -Name $name
    "removed $name"
}

# A rule that is only set keeps what is not named here and somebody has put on it: a program, an interface, a user.
foreach ($rule in $wanted.rules) {
    $facts = @{
        Name          = $rule.name
        Direction     = 'Inbound'
        Action        = 'Allow'
        Enabled       = 'True'
        Profile       = 'Any'
        Protocol      = $rule.protocol
        LocalPort     = $rule.port
        RemoteAddress = @($rule.remote)
        Description   = $rule.description
    }
    Remove-NetFirewallRule -Name $rule.name -ErrorAction SilentlyContinue
    $null = New-NetFirewallRule @facts -DisplayName $rule.display -Group $wanted.group
    "OK $($rule.name)"
}

foreach ($filter in @(Get-NetFirewallApplicationFilter -Program $wanted.program -ErrorAction SilentlyContinue)) {
    foreach ($rule in @($filter | Get-NetFirewallRule)) {
        if ($rule.Group -eq $wanted.group -or $rule.Direction -ne 'Inbound') { continue }
        Disable-NetFirewallRule -Name $rule.Name
        "switched off $($rule.DisplayName)"
    }
}

# Rules of somebody else that let something in to a port of ours, past ours. They stay, since somebody may need them. A
# rule for another program, a service or an app of the store does not concern nginx.
function Test-Holds($Ports, [int] $Port) {
    foreach ($word in @($Ports)) {
        $ends = @("$word".Split('-'))
        if ("$word" -eq 'Any') { return $true }
        if (@($ends | Where-Object { $_ -notmatch '^[0-9]+$' }).Count -gt 0) { continue }
        if (($Port -ge [int] $ends[0]) -and ($Port -le [int] $ends[-1])) { return $true }
    }
    return $false
}

function Test-Everybody($Rule) {
    $program = $Rule | Get-NetFirewallApplicationFilter
    $service = $Rule | Get-NetFirewallServiceFilter
    return ($program.Program -eq 'Any') -and ("$($program.Package)" -eq '') -and ($service.Service -eq 'Any')
}

foreach ($filter in @(Get-NetFirewallPortFilter -PolicyStore ActiveStore)) {
    $held = @($wanted.rules | Where-Object { @($_.protocol, 'Any') -contains $filter.Protocol } |
            Where-Object { Test-Holds $filter.LocalPort $_.port } | ForEach-Object { $_.port })
    if ($held.Count -eq 0) { continue }
    foreach ($rule in @($filter | Get-NetFirewallRule)) {
        if (("$($rule.Enabled)" -ne 'True') -or ("$($rule.Direction)" -ne 'Inbound')) { continue }
        if (("$($rule.Action)" -ne 'Allow') -or ($rule.Group -eq $wanted.group)) { continue }
        if (-not (Test-Everybody $rule)) { continue }
        $who = @(($rule | Get-NetFirewallAddressFilter).RemoteAddress) -join ', '
        $text = "`"$($rule.DisplayName)`" lets $who in to port $($held -join ', '), whatever our rules say."
        Write-Warning "$text If nobody needs it: Disable-NetFirewallRule -Name '$($rule.Name)'"
    }
}

# Mirrored networking: what reaches WSL from other machines passes the Hyper-V firewall, and nothing has to: people and
# other hosts come to the Gateway, and that one by loopback. With nat there is nothing to say.
if ($null -ne $wanted.hyper_v) {
    $creator = $wanted.hyper_v.creator
    Set-NetFirewallHyperVVMSetting -Name $creator -Enabled True -DefaultInboundAction Block -LoopbackEnabled True
    foreach ($rule in @(Get-NetFirewallHyperVRule -VMCreatorId $creator -ErrorAction SilentlyContinue)) {
        if (-not $rule.Name.StartsWith($wanted.hyper_v.prefix)) { continue }
        Remove-NetFirewallHyperVRule -Name $rule.Name
        "removed $($rule.Name) (Hyper-V)"
    }
    "OK nothing from other machines reaches WSL (Hyper-V)"
}
