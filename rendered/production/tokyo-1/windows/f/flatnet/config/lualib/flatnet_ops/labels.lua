-- The values that labels can have: all of them are known beforehand, and what is not known is `other`.

local settings = require("flatnet_ops.settings")

local OTHER = "other"

local labels = { OTHER = OTHER, classes = { "1xx", "2xx", "3xx", "4xx", "5xx" } }

local function sorted(keys)
    local list = {}
    for key in pairs(keys) do
        list[#list + 1] = key
    end
    table.sort(list)
    return list
end

-- The list with `other` at its end, and a map from value to place in it.
local function closed(list)
    local values, places = {}, {}
    for place, value in ipairs(list) do
        values[place] = value
        places[value] = place
    end
    if not places[OTHER] then
        values[#values + 1] = OTHER
        places[OTHER] = #values
    end
    return values, places
end

labels.sites, labels.site_places = closed(sorted(settings.sites))
labels.methods, labels.method_places = closed(settings.methods)
labels.upstreams, labels.upstream_places = closed(sorted(settings.upstreams))

-- Place of the status class. Below 100 nothing was answered (the client had gone, as with 499): 4xx.
-- From 600 on an upstream answered what is no HTTP: 5xx.
function labels.class_place(status)
    if status < 100 then
        return 4
    end
    return status < 600 and math.floor(status / 100) or 5
end

return labels
