-- Counters in the shared dict, which all workers share and which a reload leaves as it is.
--
-- Looking a key up there costs more than all else that counting takes. So what is counted waits in the worker that
-- counts it, and `settle` decides until when: where the worker is alone, as on Windows, until the next scrape, which it
-- answers itself, or a second at most; where there are several, or this one is about to end, until the end of the
-- request. Each scrape shows every request that has ended, and what a worker has not written yet is lost with it only
-- when it crashes.
--
-- Keys are short, one letter for the kind: nginx sums up each byte of a key, twice, whenever it looks one up.
--
-- A full dict drops its least recently used counter to make room. People's requests never notice; `evictions` does.

local dict = ngx.shared.flatnet_ops or error("nginx lacks: lua_shared_dict flatnet_ops 5m;")
local incr, get, set = dict.incr, dict.get, dict.set

local EVICTIONS = "evictions"
local PATIENCE = 1 -- seconds

local amounts, facts = {}, {} -- by key: counted and not written yet; noted since the last time
local alone = ngx.worker.count() == 1
local timed = false -- whether a timer will write them

local store = {}

function store.add(key, amount)
    amounts[key] = (amounts[key] or 0) + amount
end

-- A fact, of which the dict keeps the last value.
function store.note(key, value)
    facts[key] = value
end

local function evicted(forcible)
    if forcible then
        incr(dict, EVICTIONS, 1, 0)
    end
end

-- Write everything. Keys stay in the tables, which no more than a site's labels can fill.
function store.flush()
    for key, amount in pairs(amounts) do
        if amount ~= 0 then
            local value, _, forcible = incr(dict, key, amount, 0)
            evicted(forcible or not value)
            amounts[key] = 0
        end
    end
    for key, value in pairs(facts) do
        if value and get(dict, key) ~= value then
            local _, _, forcible = set(dict, key, value)
            evicted(forcible)
        end
        facts[key] = false -- another worker may know better by the next time
    end
end

-- A worker that ends calls its timers early, and sets no new ones.
local function time_is_up(early)
    timed = false
    alone = alone and not early
    store.flush()
end

-- To be called when all of a request is counted.
function store.settle()
    if timed then
        return
    end
    timed = alone and ngx.timer.at(PATIENCE, time_is_up)
    if not timed then
        store.flush()
    end
end

-- The counter's value in the dict; 0 when nothing was counted yet.
function store.count(key)
    return get(dict, key) or 0
end

-- A fact: nil when it is not known.
function store.fact(key)
    return get(dict, key)
end

function store.evictions()
    return get(dict, EVICTIONS) or 0
end

return store
