-- What the Lua of the Gateway may use: LuaJIT and OpenResty's API, and no global of its own.
std = "ngx_lua"
max_line_length = 120
