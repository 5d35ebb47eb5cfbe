-- Bounds of the latency histograms. Times are whole milliseconds, the resolution of nginx: their sum is exact.

local settings = require("flatnet_ops.settings")

local histogram = { texts = {} }
local limits = {} -- milliseconds

-- As OpenMetrics writes floats: 1 is 1.0.
local function float(number)
    local text = string.format("%.14g", number)
    return text:find("[.e]") and text or text .. ".0"
end

for place, bound in ipairs(settings.buckets) do
    histogram.texts[place] = float(bound)
    limits[place] = math.floor(bound * 1e6 + 0.5) / 1e3
end
histogram.texts[#histogram.texts + 1] = "+Inf"
limits[#limits + 1] = math.huge

histogram.size = #limits

-- Counts are kept by bound. With other bounds they start anew, as after a restart, so that they never fall in part.
histogram.version = string.format("%08x", ngx.crc32_short(table.concat(histogram.texts, " ")))

local places = {} -- by time; at most as many as there are milliseconds below the last bound

local function look(ms)
    for place, limit in ipairs(limits) do
        if ms <= limit then
            places[ms] = place
            return place
        end
    end
end

-- Place of the bucket that a time in milliseconds falls into. Without a loop, which the compiler of the log phase
-- would have to leave.
function histogram.place(ms)
    return ms > limits[#limits - 1] and #limits or places[ms] or look(ms)
end

return histogram
