-- log_by_lua_file of every server of ours. This chunk runs for each request, so it holds nothing but the call.
require("flatnet_ops.access").record()
