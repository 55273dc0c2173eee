# The service alone: PostgreSQL, Redis and the PSPs are the operator's (DATABASE_URL, REDIS_URL, STRIPE_SECRET_KEY, …).
FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# onnxruntime-node carries every platform's binaries (220 MB); an image runs on one. The embedded PostgreSQL stays behind.
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund \
 && find node_modules/onnxruntime-node/bin -mindepth 2 -maxdepth 3 -type d \
      \( -name darwin -o -name win32 -o \( -path '*/linux/*' ! -name "$(node -p process.arch)" \) \) -prune -exec rm -rf {} +

FROM node:24-slim
ENV NODE_ENV=production ORT_DISABLE_TELEMETRY=1 HOST=0.0.0.0 PORT=8080 ADMIN_HOST=127.0.0.1 ADMIN_PORT=8081
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY package.json ./
COPY src src
COPY models models
COPY policies policies
COPY migrations migrations
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8081/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
CMD ["node", "src/cli/start.ts", "--json", "--data", "/tmp/tillgate"]
