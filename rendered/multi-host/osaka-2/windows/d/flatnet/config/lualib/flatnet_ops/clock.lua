-- Time as the log writes it: RFC 3339 with milliseconds and the zone of the host.

local floor, format = math.floor, string.format

local clock = {}
local last, text, second, before, after

-- `now`: seconds as ngx.now() gives them; they stay the same for what happens together.
function clock.text(now)
    if now == last then
        return text
    end
    local whole = floor(now)
    if whole ~= second then
        local iso = ngx.var.time_iso8601 -- 2026-11-25T12:41:44+09:00
        second, before, after = whole, iso:sub(1, 19) .. ".", iso:sub(20)
    end
    last, text = now, before .. format("%03d", floor((now - whole) * 1000 + 0.5)) .. after
    return text
end

return clock
