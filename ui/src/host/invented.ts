/** What scenes and their deliveries are invented with. */
import type { Problem } from './bindings/Problem';
import type { ServiceId } from './bindings/ServiceId';

/** A moment in Shanghai, as the program behind the window writes moments. */
export const at = (text: string) => new Date(`${text}:00+08:00`).toISOString();

/** A problem as the program behind the window reports it. */
export const problem = (code: Problem['code'], service: ServiceId | null, detail: string | null = null, serviceMessage: string | null = null) =>
  ({ code, service, detail, service_message: serviceMessage }) satisfies Problem;
