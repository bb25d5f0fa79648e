#!/bin/bash
set -euo pipefail

[ -f "$ALGORIC_SCENE" ] || { echo "there is no file $ALGORIC_SCENE" >&2; exit 2; }
# Under a name of ours: POV-Ray takes names with blanks, commas or a plus sign apart. What the scene includes is found
# beside it, by a link to its folder.
ln -sfn -- "$(dirname -- "$ALGORIC_SCENE")" scene
ln -sf -- "$ALGORIC_SCENE" picture.pov

options=("+W$ALGORIC_WIDTH" "+H$ALGORIC_HEIGHT" "+Q$ALGORIC_QUALITY" "+WT${SLURM_CPUS_PER_TASK:-1}" -D +Lscene +FN)
[ -z "$ALGORIC_SMOOTH" ] || options+=(+A0.3)
name=$(basename -- "$ALGORIC_SCENE")
name=${name%.*}

if [ -n "$ALGORIC_FRAMES" ]; then
  # Of the whole animation this one: so the clock is right.
  options+=(+KFI1 "+KFF$ALGORIC_LAST_FRAME" "+SF$ALGORIC_FRAMES" "+EF$ALGORIC_FRAMES")
fi
povray +Ipicture.pov +Opicture.png "${options[@]}" 2>&1
for picture in picture*.png; do
  mv -- "$picture" "$name${picture#picture}"
  echo "result: $name${picture#picture}"
done
