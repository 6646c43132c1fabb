import { Inject } from '@nestjs/common';

/** Injection token of the `GatewayConfig`. */
export const GATEWAY_CONFIG = Symbol('GATEWAY_CONFIG');

/** Injects the `GatewayConfig`. */
export const InjectConfig = () => Inject(GATEWAY_CONFIG);
