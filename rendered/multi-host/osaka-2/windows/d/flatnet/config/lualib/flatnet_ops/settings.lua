-- Rendered from environments/multi-host by `make render`; changes made here are lost.
return {
  accounts = { kobayashi = true, tanaka = true },
  buckets = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0 },
  connections_limit = 512,
  doors = {
    metrics = {
      free = { ["127.0.0.1"] = true },
      token_file = "D:/flatnet/ops/secrets/ingress-token",
    },
    wiki = {
      accounts = { kobayashi = "Viewer", tanaka = "Admin" },
    },
  },
  files = {
    generation = "D:/flatnet/config/flatnet-ops/generation",
    heartbeat = "D:/flatnet/ops/dead-mans-switch/heartbeat",
    nginx_conf = "D:/flatnet/config/nginx.conf",
    nginx_conf_rendered = "D:/flatnet/ops/gateway/nginx.conf",
    upstreams = "D:/flatnet/ops/from-wsl/upstreams.json",
  },
  methods = { "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT" },
  sites = {
    http = {},
    metrics = {},
    wiki = { upstream = "wiki" },
  },
  status = { address = "10.42.0.2", port = 8080, timeout_ms = 2000 },
  upstreams = {
    wiki = { port = 3000, workload = "wiki" },
  },
}
