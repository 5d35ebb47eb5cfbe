-- What became of each attempt to have a request answered by an upstream.
--
-- nginx writes one value for each attempt: "a, b" when the second was tried after the first, "a : b" when an internal
-- redirect led to another one. A value that it does not have is "-".

local histogram = require("flatnet_ops.histogram")
local labels = require("flatnet_ops.labels")
local number = require("flatnet_ops.numbers").within
local settings = require("flatnet_ops.settings")
local store = require("flatnet_ops.store")
local upstreams = require("flatnet_ops.upstreams")

local add, count, note = store.add, store.count, store.note
local byte, floor, gmatch = string.byte, math.floor, string.gmatch
local LINE_FEED, POINT, ZERO, ONE, FOUR = 10, 46, 48, 49, 52
local names, places = labels.upstreams, labels.upstream_places
local bucket, size = histogram.place, histogram.size

local keys, sums, errors, states = {}, {}, {}, {}
for place, name in ipairs(names) do
    keys[place] = {}
    for index = 1, size do
        keys[place][index] = "u" .. histogram.version .. index .. ":" .. name
    end
    sums[place] = "s" .. histogram.version .. name
    errors[place] = "f" .. name
    states[place] = "a" .. name
end
local OTHER = places[labels.OTHER]

local attempts = {}

local function each(list)
    local values = {}
    for value in gmatch(list or "", "[^%s,]+") do
        if value ~= ":" then
            values[#values + 1] = value
        end
    end
    return values
end

local function observe(place, ms)
    add(keys[place][bucket(ms)], 1)
    add(sums[place], ms)
    return ms
end

-- nginx makes 502 and 504 itself when there was no answer; then there is no time of a header either.
local FAILURES = { ["502"] = "gave no valid answer", ["504"] = "timed out" }

-- Count one attempt that may have failed. Returns what went wrong, or nil.
local function judge(place, address, status, connected, answered)
    if status == "-" then -- the client went away before anything was known
        return nil
    end
    local failure = not answered and FAILURES[status]
    if place ~= OTHER then
        note(states[place], (connected or not failure) and 1 or 0)
    end
    if not failure then
        return nil
    end
    add(errors[place], 1)
    if not connected then
        failure = "could not be connected to"
    end
    return names[place] .. " (" .. address .. ") " .. failure
end

local function several(var, otherwise)
    local list, statuses, times = each(var.upstream_addr), each(var.upstream_status), each(var.upstream_response_time)
    local connects, headers = each(var.upstream_connect_time), each(var.upstream_header_time)
    local place, failure
    local ms = 0
    for index, address in ipairs(list) do
        place = places[upstreams.name(address) or otherwise] or OTHER
        local seconds = tonumber(times[index])
        if seconds then
            ms = ms + observe(place, floor(seconds * 1000 + 0.5))
        end
        local connected, answered = tonumber(connects[index]), tonumber(headers[index])
        failure = judge(place, address, statuses[index] or "-", connected, answered) or failure
    end
    return names[place], ms, failure
end

-- Count the attempts of the request. From `at` on, `facts` holds what nginx says of them: the status of each, and in a
-- line of its own the time that each took. `site`: its entry in the settings, or nil.
-- Returns the name of the last upstream, the milliseconds of all attempts and the last failure; nil without an attempt.
function attempts.record(var, facts, at, site)
    local last = #facts
    if at >= last then
        return nil
    end
    local otherwise = site and site.upstream
    local first = byte(facts, at)
    -- One attempt, which succeeded, where there is but one way: as nearly always.
    if otherwise and first >= ONE and first <= FOUR and byte(facts, at + 3) == LINE_FEED
        and byte(facts, last - 3) == POINT then
        local place = places[otherwise]
        note(states[place], 1)
        local tenths, hundredths, thousandths = byte(facts, last - 2, last) -- nginx writes three places
        local ms = (tenths - ZERO) * 100 + (hundredths - ZERO) * 10 + thousandths - ZERO
        return otherwise, observe(place, number(facts, at + 4, last - 4) * 1000 + ms)
    end
    return several(var, otherwise)
end

-- The way to a workload is not known: nothing was attempted, and it is down all the same. Returns what went wrong.
function attempts.missing(site)
    local name = site and site.upstream
    local upstream = name and settings.upstreams[name]
    if not upstream or not upstream.workload or upstreams.address(name) then
        return nil
    end
    note(states[places[name]], 0)
    add(errors[places[name]], 1)
    return name .. " has no address"
end

-- State (nil when nothing was attempted yet), errors, buckets (not yet cumulated) and milliseconds of an upstream.
function attempts.of(place)
    local buckets = {}
    for index = 1, size do
        buckets[index] = count(keys[place][index])
    end
    return {
        up = store.fact(states[place]),
        errors = count(errors[place]),
        buckets = buckets,
        ms = count(sums[place]),
    }
end

return attempts
