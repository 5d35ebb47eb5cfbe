-- content_by_lua_file of /metrics.
require("flatnet_ops.scrape").answer()
