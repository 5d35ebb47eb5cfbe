-- Time as the log writes it: RFC 3339 with milliseconds and the zone of the host.

local floor, format = math.floor, string.format

local clock = {}
local second, before, after = nil, "", ""

-- `now`: seconds as ngx.now() gives them. nginx formats the second once; so do we.
function clock.text(now)
    local whole = floor(now)
    if whole ~= second then
        local iso = ngx.var.time_iso8601 -- 2026-11-25T12:41:44+09:00
        second, before, after = whole, iso:sub(1, 19) .. ".", iso:sub(20)
    end
    return before .. format("%03d", floor((now - whole) * 1000 + 0.5)) .. after
end

return clock
