-- Time as the log writes it: RFC 3339 with milliseconds and the zone of the host.

local floor = math.floor

local clock = { milliseconds = {} } -- "000" to "999", at 1 to 1000
local second, before, after

for ms = 0, 999 do
    clock.milliseconds[ms + 1] = string.format("%03d", ms)
end

-- `now`: seconds as ngx.now() gives them. Returns what stands before the milliseconds, and what after them; nginx makes
-- these texts once a second, and so do we.
function clock.around(now)
    local whole = floor(now)
    if whole ~= second then
        local iso = ngx.var.time_iso8601 -- 2026-11-25T12:41:44+09:00
        second, before, after = whole, iso:sub(1, 19) .. ".", iso:sub(20)
    end
    return before, after
end

return clock
