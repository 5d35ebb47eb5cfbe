-- Counters in the shared dict, which all workers share and which a reload leaves as it is.
--
-- Keys are short, one letter for the kind: nginx sums up each byte of a key, twice, whenever it looks one up.
--
-- A full dict drops its least recently used counter to make room. People's requests never notice; `evictions` does.

local dict = ngx.shared.flatnet_ops or error("nginx lacks: lua_shared_dict flatnet_ops 5m;")
local incr, get, set = dict.incr, dict.get, dict.set

local EVICTIONS = "evictions"

local store = {}

function store.add(key, amount)
    local value, _, forcible = incr(dict, key, amount, 0)
    if forcible or not value then
        incr(dict, EVICTIONS, 1, 0)
    end
end

-- The counter's value; 0 when nothing was counted yet.
function store.count(key)
    return get(dict, key) or 0
end

-- A fact: nil when it is not known.
function store.fact(key)
    return get(dict, key)
end

-- Writing takes the lock of the dict, as reading does, but also moves memory: write only what is new.
function store.note(key, value)
    if get(dict, key) ~= value then
        local _, _, forcible = set(dict, key, value)
        if forcible then
            incr(dict, EVICTIONS, 1, 0)
        end
    end
end

function store.evictions()
    return get(dict, EVICTIONS) or 0
end

return store
