# shellcheck shell=bash
# SeaweedFS as an S3 server.

launch_s3() {
  mkdir -p "$RUN_DIR/s3"
  spawn s3 AWS_ACCESS_KEY_ID="$BED_S3_KEY_ID" AWS_SECRET_ACCESS_KEY="$BED_S3_SECRET_KEY" S3_BUCKET="$BED_S3_BUCKET" \
    "$WEED" mini -dir="$RUN_DIR/s3" -ip="$SERVER_ADDRESS" -ip.bind="$SERVER_ADDRESS" \
    -s3.port="$S3_PORT" -filer.port="$S3_FILER_PORT" -volume.port="$S3_VOLUME_PORT" -master.port="$S3_MASTER_PORT" \
    -webdav=false -admin.ui=false -s3.port.iceberg=0 -s3.port.lance=0 -master.telemetry=false
}

# The server answers before it has made the bucket, so the bucket is what is asked for.
is_ready_s3() {
  probe --head --user "$BED_S3_KEY_ID:$BED_S3_SECRET_KEY" --aws-sigv4 "aws:amz:$BED_S3_REGION:s3" \
    "$BED_S3_ENDPOINT/$BED_S3_BUCKET"
}
