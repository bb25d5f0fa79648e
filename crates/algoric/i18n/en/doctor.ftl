# `algoric doctor`.
