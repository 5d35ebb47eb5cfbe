-- Every series of the Gateway, in the order in which they are shown. The names stand in `model/names.py` too.

local attempts = require("flatnet_ops.attempts")
local configuration = require("flatnet_ops.configuration")
local exposition = require("flatnet_ops.exposition")
local labels = require("flatnet_ops.labels")
local negotiation = require("flatnet_ops.negotiation")
local requests = require("flatnet_ops.requests")
local settings = require("flatnet_ops.settings")
local status = require("flatnet_ops.status")
local store = require("flatnet_ops.store")

local ESCALATIONS = { "GATEWAY_ONLY", "P2P_ATTEMPTING", "P2P_ACTIVE", "GATEWAY_FALLBACK" }
local CONNECTIONS = { "active", "reading", "writing", "waiting" }

local function site_series(out)
    local found = {}
    for place in ipairs(labels.sites) do
        found[place] = requests.of(place)
    end
    out:family("counter", "flatnet_gateway_requests_total", nil, "Requests by site, method and class of the status.")
    for place, site in ipairs(labels.sites) do
        for m, method in ipairs(labels.methods) do
            for c, class in ipairs(labels.classes) do
                out:sample({ "site", site, "method", method, "status", class }, found[place].counts[m][c])
            end
        end
    end
    out:family("histogram", "flatnet_gateway_request_duration_seconds", "seconds",
        "Time from the first byte of a request to the last byte of its answer.")
    for place, site in ipairs(labels.sites) do
        out:histogram("site", site, found[place].buckets, found[place].ms)
    end
    out:family("counter", "flatnet_gateway_bytes_total", "bytes",
        "Bytes of requests (in) and of answers (out), with their headers.")
    for place, site in ipairs(labels.sites) do
        out:sample({ "site", site, "direction", "in" }, found[place].received)
        out:sample({ "site", site, "direction", "out" }, found[place].sent)
    end
end

local function upstream_series(out)
    local found = {}
    for place in ipairs(labels.upstreams) do
        found[place] = attempts.of(place)
    end
    out:family("gauge", "flatnet_gateway_upstream_up", nil,
        "Whether the last attempt to connect to the upstream succeeded.")
    for place, upstream in ipairs(labels.upstreams) do
        if found[place].up then
            out:sample({ "upstream", upstream }, found[place].up)
        end
    end
    out:family("histogram", "flatnet_gateway_upstream_duration_seconds", "seconds",
        "Time that an attempt to have the upstream answer took.")
    for place, upstream in ipairs(labels.upstreams) do
        out:histogram("upstream", upstream, found[place].buckets, found[place].ms)
    end
    out:family("counter", "flatnet_gateway_upstream_errors_total", nil, "Attempts without an answer of the upstream.")
    for place, upstream in ipairs(labels.upstreams) do
        out:sample({ "upstream", upstream }, found[place].errors)
    end
end

local function nginx_series(out)
    out:family("gauge", "flatnet_gateway_connections", nil, "Connections of clients by state.")
    for _, state in ipairs(CONNECTIONS) do
        local number = tonumber(ngx.var["connections_" .. state])
        if number then -- nil where nginx was built without its stub_status module
            out:sample({ "state", state }, number)
        end
    end
    out:family("gauge", "flatnet_gateway_connections_limit", nil, "Connections of clients that the platform can hold.")
    out:sample({}, settings.connections_limit)

    local dicts = {}
    for name in pairs(ngx.shared) do
        dicts[#dicts + 1] = name
    end
    table.sort(dicts)
    out:family("gauge", "flatnet_gateway_shared_dict_free_bytes", "bytes", "Free pages of a Lua shared dict.")
    for _, name in ipairs(dicts) do
        out:sample({ "dict", name }, ngx.shared[name]:free_space())
    end
    out:family("gauge", "flatnet_gateway_shared_dict_size_bytes", "bytes", "Size of a Lua shared dict.")
    for _, name in ipairs(dicts) do
        out:sample({ "dict", name }, ngx.shared[name]:capacity())
    end
    out:family("counter", "flatnet_gateway_shared_dict_evictions_total", nil,
        "Times that a counter was dropped or not kept because the shared dict was full.")
    out:sample({}, store.evictions())
end

local function configuration_series(out)
    local since, loaded = configuration.state()
    out:family("gauge", "flatnet_gateway_config_load_timestamp_seconds", "seconds",
        "When the running worker was first scraped: within a scrape of a start or a reload, also of the same files.")
    out:sample({}, since)
    out:family("gauge", "flatnet_gateway_config_load_success", nil,
        "Whether the running configuration is the one on disk.")
    out:sample({}, loaded and 1 or 0)
end

local function fact(out, name, help, value)
    if value then
        out:family("gauge", name, nil, help)
        out:sample({}, value)
    end
end

local function status_series(out)
    local facts = status.read()
    fact(out, "flatnet_gateway_status_up", "Whether /api/status could be read.", facts and 1 or 0)
    if not facts then
        return
    end
    fact(out, "flatnet_gateway_registered_containers", "Containers in the registry.", facts.containers)
    fact(out, "flatnet_gateway_sync_peers", "Gateways that exchange registrations with this one.", facts.sync_peers)
    out:family("gauge", "flatnet_gateway_escalations", nil, "Containers by state of the way to them.")
    for _, state in ipairs(ESCALATIONS) do
        local number = facts.escalation(state)
        if number then
            out:sample({ "state", state }, number)
        end
    end
    fact(out, "flatnet_gateway_p2p_paths", "Direct paths between hosts in use.", facts.p2p_paths)
end

local scrape = {}

function scrape.answer()
    local method = ngx.req.get_method()
    if method ~= "GET" and method ~= "HEAD" then
        ngx.header["Allow"] = "GET, HEAD"
        return ngx.exit(405)
    end
    local open_metrics = negotiation.open_metrics(ngx.var.http_accept)
    local out = exposition.new(open_metrics)
    store.flush()
    site_series(out)
    upstream_series(out)
    nginx_series(out)
    configuration_series(out)
    status_series(out)
    ngx.header["Content-Type"] = open_metrics and negotiation.OPEN_METRICS or negotiation.TEXT
    local text = out:text()
    ngx.header["Content-Length"] = #text
    ngx.print(text)
end

return scrape
