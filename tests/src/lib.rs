//! Whole federations: simulated, over sockets, on real data.
