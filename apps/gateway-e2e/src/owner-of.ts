import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Which of these processes has the connection that comes from that local port. */
export function ownerOf(port: number, pids: readonly number[]): number | undefined {
  return process.platform === 'linux' ? ownerFromProc(port, pids) : ownerFromLsof(port, pids);
}

function ownerFromProc(port: number, pids: readonly number[]): number | undefined {
  const local = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, address, , state]) => address?.endsWith(`:${local}`) && state === '01')
    .map((fields) => `socket:[${fields[9]}]`);
  return pids.find((pid) => openFilesOf(pid).some((file) => inodes.includes(file)));
}

function openFilesOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).map((descriptor) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${descriptor}`);
    } catch {
      return ''; // closed meanwhile
    }
  });
}

function ownerFromLsof(port: number, pids: readonly number[]): number | undefined {
  const output = execFileSync('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:ESTABLISHED', '-Fp'], { encoding: 'utf8' });
  return pids.find((pid) => output.split('\n').includes(`p${pid}`));
}
