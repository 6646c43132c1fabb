import { writeFileSync } from 'node:fs';
import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { freePort, waitFor } from '@mintonce/test-support';
import { jwt } from '../contenders/jwt.js';
import { type Bench } from '../harness/row.js';
import { answers, type Proxy } from './proxy.js';

/** nginx where it is installed, with one worker like the others; it knows the token from its file. */
export async function startNginx({ directory, running, lacks }: Bench, upstream: string): Promise<Proxy | undefined> {
  if (!isInstalled()) {
    lacks('nginx is not installed (apt-get install nginx), so it is missing from this row');
    return undefined;
  }
  const port = await freePort();
  const file = join(directory, 'nginx.conf');
  writeFileSync(file, configuration(directory, port, new URL(upstream).host));
  const child = spawn('nginx', ['-p', directory, '-c', file], { stdio: ['ignore', 'ignore', 'inherit'] });
  running.onStop(() => child.kill());
  const url = `http://127.0.0.1:${port}/`;
  await waitFor(() => answers(url), { description: 'nginx' });
  return { name: 'nginx', role: 'peer', remark: 'written in C; knows a fixed token only', url, pid: child.pid ?? 0 };
}

function isInstalled(): boolean {
  try {
    execFileSync('nginx', ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function configuration(directory: string, port: number, upstream: string): string {
  return `
    daemon off; master_process off; pid ${directory}/nginx.pid; error_log stderr crit;
    events { worker_connections 1024; }
    http {
      access_log off; client_body_temp_path ${directory}/body; proxy_temp_path ${directory}/proxy;
      fastcgi_temp_path ${directory}/f; uwsgi_temp_path ${directory}/u; scgi_temp_path ${directory}/s;
      keepalive_requests 10000000;
      upstream api { server ${upstream}; keepalive 128; keepalive_requests 10000000; }
      server {
        listen 127.0.0.1:${port};
        location / {
          proxy_pass http://api; proxy_http_version 1.1; proxy_set_header Connection "";
          proxy_set_header Authorization "Bearer ${jwt()}";
        }
      }
    }`;
}
