# Run as administrator: makes the firewall rules of our group those of firewall.json: new ones are made, changed ones
# set right, others of the group removed. Rules of other groups are left alone, but for those that let something in to
# nginx.exe or block it, which Windows makes when somebody presses a button: they would make ours void.

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$wanted = Get-Content -LiteralPath (Join-Path $PSScriptRoot 'firewall.json') -Raw -Encoding UTF8 | ConvertFrom-Json

foreach ($side in @(Get-NetFirewallProfile)) {
    if ("$($side.Enabled)" -ne 'True') { Write-Warning "the firewall is off in the profile $($side.Name)" }
}

$there = @(Get-NetFirewallRule -Group $wanted.group -ErrorAction SilentlyContinue | ForEach-Object { $_.Name })
$names = @($wanted.rules | ForEach-Object { $_.name })
foreach ($name in $there) {
    if ($names -contains $name) { continue }
    Remove-NetFirewallRule -Name $name
    "removed $name"
}

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
    if ($there -contains $rule.name) {
        Set-NetFirewallRule @facts -NewDisplayName $rule.display
    } else {
        $null = New-NetFirewallRule @facts -DisplayName $rule.display -Group $wanted.group
    }
    "OK $($rule.name)"
}

foreach ($filter in @(Get-NetFirewallApplicationFilter -Program $wanted.program -ErrorAction SilentlyContinue)) {
    foreach ($rule in @($filter | Get-NetFirewallRule)) {
        if ($rule.Group -eq $wanted.group -or $rule.Direction -ne 'Inbound') { continue }
        Disable-NetFirewallRule -Name $rule.Name
        "switched off $($rule.DisplayName)"
    }
}

# Mirrored networking: what reaches WSL passes the Hyper-V firewall. Loopback stays open, the rest is closed but for
# these rules. With nat there is nothing to say.
if ($null -ne $wanted.hyper_v) {
    $creator = $wanted.hyper_v.creator
    Set-NetFirewallHyperVVMSetting -Name $creator -Enabled True -DefaultInboundAction Block -LoopbackEnabled True
    $there = @(Get-NetFirewallHyperVRule -VMCreatorId $creator -ErrorAction SilentlyContinue | ForEach-Object { $_.Name })
    $names = @($wanted.hyper_v.rules | ForEach-Object { $_.name })
    foreach ($name in $there) {
        if (-not $name.StartsWith($wanted.hyper_v.prefix)) { continue }
        if ($names -contains $name) { continue }
        Remove-NetFirewallHyperVRule -Name $name
        "removed $name (Hyper-V)"
    }
    foreach ($rule in $wanted.hyper_v.rules) {
        $facts = @{
            Name            = $rule.name
            VMCreatorId     = $creator
            Protocol        = 'TCP'
            LocalAddresses  = $rule.local
            LocalPorts      = @($rule.ports)
            RemoteAddresses = @($rule.remote)
        }
        if ($there -contains $rule.name) {
            Set-NetFirewallHyperVRule @facts -NewDisplayName $rule.display
        } else {
            $null = New-NetFirewallHyperVRule @facts -DisplayName $rule.display -Direction Inbound -Action Allow
        }
        "OK $($rule.name) (Hyper-V)"
    }
}
