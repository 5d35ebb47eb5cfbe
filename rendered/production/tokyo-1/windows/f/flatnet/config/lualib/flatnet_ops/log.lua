-- log_by_lua_file of every server of ours. This chunk runs for each request, so it holds nothing but the call;
-- `require`, which LuaJIT does not compile, is for the first one.
(package.loaded["flatnet_ops.access"] or require("flatnet_ops.access")).record()
