"""What Flatnet's own status page answers."""

STATUS = {  # as Flatnet's modules make it
    "status": "running",
    "registry": {"count": 3, "shared_dict_name": "flatnet_containers", "free_space": 90112, "capacity": 102400},
    "sync": {"host_id": 1, "peer_count": 2, "peers": ["http://10.100.2.1:8080"], "local_containers": 3},
    "escalation": {
        "total": 4,
        "states": {"GATEWAY_ONLY": 2, "P2P_ATTEMPTING": 0, "P2P_ACTIVE": 1, "GATEWAY_FALLBACK": 1},
    },
    "routing": {"gateway_count": 1},
    "healthcheck": {"active_p2p_count": 1, "failure_counts": {}},
}
