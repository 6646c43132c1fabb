import { findingsIn } from './type-findings.js';

/** The types that Grafana publishes, as JSON has their values: a member of an enumeration of words is its word. */
const TYPES = `
import { type AnnotationQuery, type Dashboard, type DataQuery, type Panel, type RowPanel, type VariableModel } from '@grafana/schema';
import { type Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import {
  type FieldConfig as SeriesFields,
  type Options as SeriesOptions,
} from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

type Json<T> = T extends string ? \`\${T}\` : T extends object ? { [Key in keyof T]: Json<T[Key]> } : T;
/** Grafana adds the defaults of a panel's own options. */
type Own<T> = T extends string ? \`\${T}\` : T extends object ? { [Key in keyof T]?: Own<T[Key]> } : T;

interface Query extends DataQuery {
  expr: string;
  legendFormat?: string;
  instant?: boolean;
  range?: boolean;
  interval?: string;
}
type Defaults = NonNullable<Panel['fieldConfig']>['defaults'];
type Shown<Type, Options, Fields> = Json<Omit<Panel, 'type' | 'options' | 'fieldConfig' | 'targets'>> & {
  type: Type;
  options?: Own<Options>;
  fieldConfig: { defaults: Json<Omit<Defaults, 'custom'>> & { custom?: Own<Fields> }; overrides: [] };
  targets: Json<Query>[];
};
/** Those of the Prometheus data source have their query beside the fields of all. */
type Events = AnnotationQuery & { expr: string; step?: string; titleFormat?: string; textFormat?: string };
type Shipped = Json<Omit<Dashboard, 'panels' | 'templating' | 'annotations'>> & {
  templating: { list: Json<VariableModel & { definition?: string }>[] };
  annotations: { list: Json<Events>[] };
  panels: (
    | Json<Omit<RowPanel, 'type'>> & { type: 'row' }
    | Shown<'stat', StatOptions, {}>
    | Shown<'timeseries', SeriesOptions, SeriesFields>
  )[];
};
`;

/** What a dashboard has that Grafana does not know, or lacks that it needs, by the types of the version that is pinned. */
export function dashboardFindings(dashboard: object): string[] {
  return findingsIn(`${TYPES}\nexport const dashboard: Shipped = ${JSON.stringify(dashboard)};`);
}
