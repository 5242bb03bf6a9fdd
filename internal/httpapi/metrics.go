package httpapi

import (
	"errors"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/propnet/propnet/prop"
)

// Metrics are the node's counters. None is labelled by account: their number has no bound.
type Metrics struct {
	registry *prometheus.Registry
	blocks   prometheus.Counter
	records  prometheus.Counter
	events   *prometheus.CounterVec
	refusals *prometheus.CounterVec
	commit   prometheus.Histogram
	queue    prometheus.Gauge
	seq      prometheus.Gauge
}

// NewMetrics registers the counters, the Go runtime's and the process's.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		blocks:   prometheus.NewCounter(prometheus.CounterOpts{Name: "propnet_blocks_total", Help: "Durable blocks since start."}),
		records:  prometheus.NewCounter(prometheus.CounterOpts{Name: "propnet_records_total", Help: "Durable records since start."}),
		events:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "propnet_events_total", Help: "Events since start by kind."}, []string{"kind"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "propnet_refusals_total", Help: "Refused calls since start by code."}, []string{"code"}),
		commit: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "propnet_commit_seconds", Help: "Append of a block, sync included.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 2, 14)}),
		queue: prometheus.NewGauge(prometheus.GaugeOpts{Name: "propnet_queue_length", Help: "Submissions that wait for the loop."}),
		seq:   prometheus.NewGauge(prometheus.GaugeOpts{Name: "propnet_last_sequence", Help: "Sequence number of the last durable record."}),
	}
	m.registry.MustRegister(m.blocks, m.records, m.events, m.refusals, m.commit, m.queue, m.seq,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Block counts a durable block's records and events; kind names an event.
func (m *Metrics) Block(records []prop.Record, kind func(prop.Event) string, commitSeconds float64, queue int) {
	m.queue.Set(float64(queue))
	if len(records) == 0 {
		return
	}
	m.blocks.Inc()
	m.records.Add(float64(len(records)))
	m.commit.Observe(commitSeconds)
	m.seq.Set(float64(records[len(records)-1].Seq))
	for _, r := range records {
		for _, e := range r.Events {
			m.events.WithLabelValues(kind(e)).Inc()
		}
	}
}

func (m *Metrics) refused(err error) {
	var refusal *prop.Error
	if !errors.As(err, &refusal) {
		refusal = prop.Refuse(prop.Internal, "")
	}
	m.refusals.WithLabelValues(refusal.Code.String()).Inc()
}

func (m *Metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
