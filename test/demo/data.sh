# shellcheck shell=bash
# The data of the demo's application, in the volume of its pod.

# make_photos: 12 MiB that nobody could guess, in 48 files with owners, modes, links and times of their own.
make_photos() {
  in_photos <<'SH'
    for year in 2024 2025 2026; do
      mkdir $year
      for number in $(seq 16); do
        dd if=/dev/urandom of=$year/$number.jpg bs=64k count=4 2>/dev/null
      done
    done
    ln 2024/1.jpg best.jpg
    ln -s 2026 latest
    chown -R 1000:2000 2025
    chmod 2750 2025
    touch -t 202401020304.05 2024/*.jpg
SH
}

# photos_digest: a line with all that is known of each entry, and one with the checksum of each file.
photos_digest() {
  in_photos <<'SH'
    find . -type d -print0 | sort -z | xargs -0 stat -c '%A %u:%g %Y %n'
    find . ! -type d -print0 | sort -z | xargs -0 stat -c '%A %u:%g %Y %s %h %N'
    find . -type f -print0 | sort -z | xargs -0 sha256sum
SH
}

in_photos() {
  kubectl -n "$DEMO_NAMESPACE" exec deployment/photos -- sh -euc "cd /photos; $(cat)"
}
