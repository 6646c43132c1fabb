export { type CertificateAuthority, certificateAuthority, type KeyPair } from './certificate-authority.js';
export { CHROMIUM_ARGS, CHROMIUM_IS_MISSING, ensureChromium } from './chromium.js';
export { type Container, type ContainerOptions, CONTAINERS_NEED, canContain, startContainer } from './container.js';
export { ensureRedisServer } from './ensure-redis-server.js';
export { type Evidence, recordEvidence } from './evidence.js';
export { ensureFakeTime, FAKETIME_IS_MISSING, FakeTime } from './fake-time.js';
export { type FaultProxy, type FaultProxyOptions, faultProxy, type Which } from './fault-proxy.js';
export { type FaultyConnection, type LastingFault } from './faulty-connection.js';
export { freePort } from './free-port.js';
export { isAlive } from './is-alive.js';
export { type LastWill, lastWill } from './last-will.js';
export { type NodeProcess, type NodeProcessOptions, startNode, startProgram } from './node-process.js';
export { type ProcessFault, type ProcessFaultReport } from './process-fault.js';
export { ProcessFaults } from './process-faults.js';
export {
  ensurePrometheus,
  type Prometheus,
  PROMETHEUS_IS_MISSING,
  type PrometheusAlert,
  type PrometheusPrograms,
  type PrometheusSample,
  startPrometheus,
} from './prometheus.js';
export { type Pm2, type Pm2Options, type Pm2Process, startPm2 } from './pm2.js';
export { type RedisCluster, type RedisClusterOptions, startCluster } from './redis-cluster.js';
export { type RedisSentinel, type RedisSentinelOptions, startSentinel } from './redis-sentinel.js';
export { type RedisOptions, type RedisServer, startRedis } from './redis.js';
export { redisServerBin } from './redis-server-bin.js';
export { selfSignedCertificate } from './self-signed-certificate.js';
export { type SlotMigration } from './slot-migration.js';
export { RunningParts, startTogether } from './start-together.js';
export { type Exit } from './supervised.js';
export { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.js';
export { type WaitForOptions, waitFor } from './wait-for.js';
