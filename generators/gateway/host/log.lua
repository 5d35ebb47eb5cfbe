-- log_by_lua_file of every server of ours. This chunk runs for each request, so it holds nothing but the call, and finds
-- what was loaded without a call of `require`, which LuaJIT does not compile.
(package.loaded["flatnet_ops.access"] or require("flatnet_ops.access")).record()
