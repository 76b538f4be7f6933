#!/usr/bin/env bash
# Prepares compose.yaml: a passphrase for each node, and each node's identity. Safe to run again:
# what exists is kept.
#
#   compose-init.sh                  everything
#   compose-init.sh --secrets-only   only the passphrases
#
# ENTENTE_COMPOSE names the program, `docker compose` if it is not set.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

nodes=(centre province shelter)

# Only the owner enters the folder. The files in it are readable, because the container's user, who
# is somebody else, reads them through a mount.
mkdir -p secrets
chmod 0700 secrets
for node in "${nodes[@]}"; do
    if [[ ! -e "secrets/$node" ]]; then
        # 32 random bytes: nobody types this one.
        (umask 0277 && head -c 32 /dev/urandom | base64 >"secrets/.$node")
        chmod 0444 "secrets/.$node"
        mv "secrets/.$node" "secrets/$node"
        echo "made deploy/secrets/$node"
    fi
done
if [[ "${1:-}" == --secrets-only ]]; then
    exit 0
fi

read -r -a compose <<<"${ENTENTE_COMPOSE:-docker compose}"
initialise() {
    local node="$1" kind="$2" english="$3" french="$4"
    if [[ -e "secrets/$node.initialised" ]]; then
        return
    fi
    "${compose[@]}" run --rm "$node" node init \
        --passphrase-file /run/secrets/passphrase \
        --name-en "$english" --name-fr "$french" --type "$kind" \
        --listen 0.0.0.0:7443 --address "$node:7443"
    : >"secrets/$node.initialised"
}
initialise centre federal "Coordination centre (trial)" "Centre de coordination (essai)"
initialise province provincial "Provincial office (trial)" "Bureau provincial (essai)"
initialise shelter ngo "Shelter (trial)" "Refuge (essai)"
