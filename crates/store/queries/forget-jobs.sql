-- Submissions from before :before that are over lose what tells what they were for; what they used stays.
UPDATE submission SET spec = json_set(
    json_remove(spec, '$.comment', '$.wckey', '$.mail_user'),
    '$.name', 'erased', '$.workdir', '/', '$.submit_dir', '/', '$.submit_line', '', '$.stdin', NULL, '$.stdout', NULL,
    '$.stderr', NULL, '$.command', NULL, '$.args', json('[]')
) WHERE at < :before AND id NOT IN (SELECT id FROM open) AND json_extract(spec, '$.name') <> 'erased'
