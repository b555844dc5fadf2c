import { ContentsClient } from './contents.ts';
import { InstallationClient } from './installation.ts';
import { LocationsClient } from './locations.ts';
import { NamespacesClient } from './namespaces.ts';
import { NotificationsClient } from './notifications.ts';
import { PluginsClient } from './plugins.ts';
import { RunsClient } from './runs.ts';
import { SchedulesClient } from './schedules.ts';
import { type ApiAddress, Transport } from './transport.ts';

/** The API of one server, for one location, by resource. */
export class ApiClient {
  readonly runs: RunsClient;
  readonly contents: ContentsClient;
  readonly schedules: SchedulesClient;
  readonly locations: LocationsClient;
  readonly namespaces: NamespacesClient;
  readonly notifications: NotificationsClient;
  readonly plugins: PluginsClient;
  readonly installation: InstallationClient;

  constructor(address: ApiAddress, location: string | undefined) {
    const transport = new Transport(address, location);
    this.runs = new RunsClient(transport);
    this.contents = new ContentsClient(transport);
    this.schedules = new SchedulesClient(transport);
    this.locations = new LocationsClient(transport);
    this.namespaces = new NamespacesClient(transport);
    this.notifications = new NotificationsClient(transport);
    this.plugins = new PluginsClient(transport);
    this.installation = new InstallationClient(transport);
  }
}
