# Keeps the route from Windows to the containers: under nat WSL has another address after each start, and tells it in a
# file. Run as the system, which may change routes; so this writes no file where others write, and takes nothing from
# that file but an address of WSL's range. How it ended is its exit code, which windows_exporter tells.

. (Join-Path $PSScriptRoot 'common.ps1')

$settings = Read-Json (Join-Path $PSScriptRoot 'settings.json')

function ConvertTo-Number([string] $Address) {
    if ($Address -notmatch '^[0-9]{1,3}([.][0-9]{1,3}){3}$') { throw "`"$Address`" is no IPv4 address" }
    [long] $number = 0
    foreach ($part in $Address.Split('.')) {
        if ([int] $part -gt 255) { throw "`"$Address`" is no IPv4 address" }
        $number = $number * 256 + [int] $part
    }
    return $number
}

# The address of WSL, as WSL has written it.
function Read-Address($Route) {
    if (-not [System.IO.File]::Exists($Route.file)) { throw "WSL has not written $($Route.file) yet" }
    $address = [System.IO.File]::ReadAllText($Route.file).Trim()
    $number = ConvertTo-Number $address
    if (($number -lt (ConvertTo-Number $Route.first)) -or ($number -gt (ConvertTo-Number $Route.last))) {
        throw "$address is not one of WSL's range, $($Route.first) to $($Route.last)"
    }
    return $address
}

# The interface of Windows that shares a network with WSL.
function Find-Interface([string] $Address) {
    $number = ConvertTo-Number $Address
    foreach ($own in @(Get-NetIPAddress -AddressFamily IPv4)) {
        $size = [System.Math]::Pow(2, 32 - $own.PrefixLength)
        $network = [System.Math]::Floor((ConvertTo-Number $own.IPAddress) / $size)
        if ([System.Math]::Floor($number / $size) -eq $network) { return $own.InterfaceIndex }
    }
    throw "Windows shares no network with $Address, the last address of WSL: WSL has not started since Windows did"
}

function Set-Route($Route) {
    $address = Read-Address $Route
    $interface = Find-Interface $address
    $right = $false
    foreach ($one in @(Get-NetRoute -DestinationPrefix $Route.destination -ErrorAction SilentlyContinue)) {
        if (($one.NextHop -eq $address) -and ($one.InterfaceIndex -eq $interface)) {
            $right = $true
        } else {
            $one | Remove-NetRoute -Confirm:$false
        }
    }
    if ($right) { return }
    $facts = @{ DestinationPrefix = $Route.destination; NextHop = $address; InterfaceIndex = $interface }
    $null = New-NetRoute @facts -PolicyStore ActiveStore
    Write-Event $settings 'Information' "the route to the containers, $($Route.destination), leads to WSL at $address"
}

try {
    Set-Route $settings.route
} catch {
    "the route is not right: $($_.Exception.Message)"
    exit 1
}
exit 0
