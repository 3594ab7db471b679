#!/bin/sh
# Signs programs for Windows, each in its place: `TUNEKEY_SIGN=packaging/windows/sign.sh cargo xtask dist`. The folder that
# TUNEKEY_CERTIFICATE names holds certificate.p12 and its password, which is in no argument.
set -eu
for program; do
  osslsigncode sign -pkcs12 "$TUNEKEY_CERTIFICATE/certificate.p12" -readpass "$TUNEKEY_CERTIFICATE/password" \
    -h sha256 -n TuneKey -ts http://timestamp.digicert.com -in "$program" -out "$program.signed"
  mv "$program.signed" "$program"
done
