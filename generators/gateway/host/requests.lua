-- What was asked of each site: one counter for each site, method, status class and latency bucket. The number of
-- requests and the histogram are sums over the same counters, so they agree at every moment.

local histogram = require("flatnet_ops.histogram")
local labels = require("flatnet_ops.labels")
local store = require("flatnet_ops.store")

local sites, methods, classes = labels.sites, labels.methods, labels.classes
local add, count = store.add, store.count
local size, bucket = histogram.size, histogram.place

local keys = {}
local sums, received, sent = {}, {}, {} -- by place of the site
for place, site in ipairs(sites) do
    sums[place] = "m" .. histogram.version .. site
    received[place] = "i" .. site
    sent[place] = "o" .. site
end

-- Keys are made once: making one for each request would cost more than counting.
local function key(site, method, class, place)
    local slot = ((site * #methods + method) * #classes + class) * size + place
    local made = keys[slot]
    if not made then
        made = "n" .. histogram.version .. place .. ":" .. class .. methods[method] .. ":" .. sites[site]
        keys[slot] = made
    end
    return made
end

local requests = {}

-- Labels are places in the lists of `labels`; time in milliseconds, sizes in bytes.
function requests.add(site, method, class, ms, bytes_in, bytes_out)
    add(key(site, method, class, bucket(ms)), 1)
    add(sums[site], ms)
    add(received[site], bytes_in)
    add(sent[site], bytes_out)
end

-- Counts of one site: `counts[method][class]`, the buckets (not yet cumulated) and what belongs to them.
function requests.of(site)
    local counts, buckets = {}, {}
    for place = 1, size do
        buckets[place] = 0
    end
    for method = 1, #methods do
        counts[method] = {}
        for class = 1, #classes do
            local all = 0
            for place = 1, size do
                local n = count(key(site, method, class, place))
                buckets[place] = buckets[place] + n
                all = all + n
            end
            counts[method][class] = all
        end
    end
    return {
        counts = counts,
        buckets = buckets,
        ms = count(sums[site]),
        received = count(received[site]),
        sent = count(sent[site]),
    }
end

return requests
