-- The submissions of a user lose what tells who it was and what for; what they used stays.
UPDATE submission SET user = :name, spec = json_set(
    json_remove(spec, '$.comment', '$.wckey', '$.mail_user'),
    '$.owner.user', :name, '$.owner.group', :name, '$.name', 'erased', '$.workdir', '/', '$.submit_dir', '/',
    '$.submit_line', '', '$.stdin', NULL, '$.stdout', NULL, '$.stderr', NULL, '$.command', NULL, '$.args', json('[]')
) WHERE uid = :uid AND id NOT IN (SELECT id FROM open)
