-- Which format a scraper wants, by its Accept header (RFC 9110, section 12.5.1).

local negotiation = {
    TEXT = "text/plain; version=0.0.4; charset=utf-8",
    OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8",
}

-- The weight that an entry gives to each of the two formats; 0 where it does not speak of it.
local function weights(entry)
    local kind = entry:match("^%s*([^;%s]*)"):lower()
    local weight = tonumber(entry:lower():match(";%s*q%s*=%s*([%d.]+)")) or 1
    local version = entry:lower():match(';%s*version%s*=%s*"?([%d.]+)')
    if kind == "application/openmetrics-text" then
        return 0, (not version or version == "1.0.0") and weight or 0
    end
    local text = kind == "text/plain" and (not version or version == "0.0.4") or kind == "text/*" or kind == "*/*"
    return text and weight or 0, 0
end

-- Whether the scraper likes OpenMetrics at least as much as the text format. Without a header it gets text.
function negotiation.open_metrics(accept)
    local text, open = 0, 0
    for entry in (accept or ""):gmatch("[^,]+") do
        local for_text, for_open = weights(entry)
        text, open = math.max(text, for_text), math.max(open, for_open)
    end
    return open > 0 and open >= text
end

return negotiation
