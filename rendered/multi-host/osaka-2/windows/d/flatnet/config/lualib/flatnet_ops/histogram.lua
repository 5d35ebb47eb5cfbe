-- Bounds of the latency histograms. Times are whole milliseconds, the resolution of nginx: their sum is exact.

local ffi = require("ffi")

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
do
    local sum = ngx.crc32_short(table.concat(histogram.texts, " "))
    local bytes = {}
    for place = 1, 4 do
        bytes[place] = string.char(sum % 256)
        sum = math.floor(sum / 256)
    end
    histogram.version = table.concat(bytes)
end

-- Place of the bucket by time: one byte for each millisecond up to the last bound, which is some 10 kB. Looking into a
-- table takes the compiled log phase the same way for every request; a search would not.
local beyond = math.floor(limits[#limits - 1]) + 1
local places = ffi.new("uint8_t[?]", beyond + 1)
do
    local place = 1
    for ms = 0, beyond do
        while ms > limits[place] do
            place = place + 1
        end
        places[ms] = place
    end
end

-- Place of the bucket that a time in whole milliseconds falls into.
function histogram.place(ms)
    return places[math.min(ms, beyond)]
end

return histogram
