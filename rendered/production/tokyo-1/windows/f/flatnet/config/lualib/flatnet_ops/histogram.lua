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

-- Place of the bucket that a time in milliseconds falls into.
function histogram.place(ms)
    local place = 1
    while ms > limits[place] do
        place = place + 1
    end
    return place
end

return histogram
