import type {
  RecoveredSchedules,
  RetentionResource,
  ScheduleResource,
  ScheduleResourceList,
} from '../../domain/api-resource.ts';
import type { RecoverSchedulesRequest } from '../../domain/schedules/recovered-schedule.ts';
import { pathOf, type Query, type Transport } from './transport.ts';

/** Schedules. */
export class SchedulesClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async create(body: unknown): Promise<ScheduleResource> {
    return this.#transport.send('POST', '/schedules', { body });
  }

  async replace(name: string, body: unknown): Promise<ScheduleResource> {
    return this.#transport.send('PUT', pathOf('schedules', name), { body });
  }

  /** All schedules that a query selects, page by page. */
  async list(query: Query = {}): Promise<ScheduleResourceList> {
    return this.#transport.pages('/schedules', query);
  }

  async get(name: string): Promise<ScheduleResource> {
    return this.#transport.send('GET', pathOf('schedules', name), {});
  }

  /** Which backups of a schedule stay. */
  async retention(name: string): Promise<RetentionResource> {
    return this.#transport.send('GET', `${pathOf('schedules', name)}/retention`, {});
  }

  /** Pauses a schedule, lets it go on, or makes backups of it. */
  async verb(
    name: string,
    verb: 'pause' | 'unpause' | 'trigger' | 'backfill',
    body: unknown,
  ): Promise<ScheduleResource> {
    return this.#transport.send('POST', `${pathOf('schedules', name)}:${verb}`, { body });
  }

  /** Gives lost schedules back to Temporal. */
  async recover(body: RecoverSchedulesRequest): Promise<RecoveredSchedules> {
    return this.#transport.send('POST', '/schedules:recover', { body });
  }

  async delete(name: string): Promise<void> {
    await this.#transport.text('DELETE', pathOf('schedules', name), {});
  }
}
