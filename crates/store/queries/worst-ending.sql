SELECT state, script_code, script_signal FROM run WHERE base = ?1 AND state <> 'REQUEUED'
ORDER BY script_code DESC, script_signal DESC, state = 'COMPLETED' LIMIT 1
