import { Inject } from '@nestjs/common';

export const GATEWAY_CONFIG = Symbol('GATEWAY_CONFIG');

/** Injects what the gateway was told. */
export const InjectConfig = () => Inject(GATEWAY_CONFIG);
