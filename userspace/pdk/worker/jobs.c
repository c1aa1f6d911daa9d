/* SPDX-License-Identifier: MIT */
#include "pdk/worker/jobs.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

struct jobs {
	pthread_mutex_t lock;
	pthread_cond_t wake; /* something is in the queue, or the end has come */
	struct list queue;
	unsigned queued, limit;
	bool ending;
	unsigned n_threads;
	pthread_t threads[];
};

static void job_deliver(struct mail *mail)
{
	struct job *job = container_of(mail, struct job, mail);

	job->done(job);
}

static void *jobs_thread(void *data)
{
	struct jobs *jobs = data;
	struct job *job;

	pthread_setname_np(pthread_self(), "job");
	pthread_mutex_lock(&jobs->lock);
	for (;;) {
		while (!jobs->ending && list_empty(&jobs->queue))
			pthread_cond_wait(&jobs->wake, &jobs->lock);
		if (jobs->ending)
			break;
		job = list_first(&jobs->queue, struct job, node);
		list_remove(&job->node);
		jobs->queued--;
		pthread_mutex_unlock(&jobs->lock);

		job->run(job);
		mailbox_post(job->reply_to, &job->mail, job_deliver);

		pthread_mutex_lock(&jobs->lock);
	}
	pthread_mutex_unlock(&jobs->lock);
	return NULL;
}

int jobs_new(unsigned threads, unsigned limit, struct jobs **ret_jobs)
{
	struct jobs *jobs = calloc(1, sizeof(*jobs) + threads * sizeof(jobs->threads[0]));
	int err;

	if (!jobs)
		return -ENOMEM;
	pthread_mutex_init(&jobs->lock, NULL);
	pthread_cond_init(&jobs->wake, NULL);
	list_init(&jobs->queue);
	jobs->limit = limit;
	for (; jobs->n_threads < threads; jobs->n_threads++) {
		err = pthread_create(&jobs->threads[jobs->n_threads], NULL, jobs_thread, jobs);
		if (err) {
			jobs_free(jobs);
			return -err;
		}
	}
	*ret_jobs = jobs;
	return 0;
}

void jobs_end(struct jobs *jobs)
{
	struct job *job;

	pthread_mutex_lock(&jobs->lock);
	jobs->ending = true;
	pthread_cond_broadcast(&jobs->wake);
	pthread_mutex_unlock(&jobs->lock);
	for (; jobs->n_threads; jobs->n_threads--)
		pthread_join(jobs->threads[jobs->n_threads - 1], NULL);

	while ((job = list_first(&jobs->queue, struct job, node))) {
		list_remove(&job->node);
		job->cancelled = true;
		mailbox_post(job->reply_to, &job->mail, job_deliver);
	}
}

struct jobs *jobs_free(struct jobs *jobs)
{
	if (!jobs)
		return NULL;
	jobs_end(jobs);
	pthread_cond_destroy(&jobs->wake);
	pthread_mutex_destroy(&jobs->lock);
	free(jobs);
	return NULL;
}

int jobs_submit(struct jobs *jobs, struct job *job, job_fn run, job_fn done,
		struct mailbox *reply_to)
{
	int err = -EAGAIN;

	pthread_mutex_lock(&jobs->lock);
	if (jobs->queued < jobs->limit && !jobs->ending) {
		job->run = run;
		job->done = done;
		job->reply_to = reply_to;
		job->submitted = instant_now();
		job->cancelled = false;
		list_append(&jobs->queue, &job->node);
		jobs->queued++;
		pthread_cond_signal(&jobs->wake);
		err = 0;
	}
	pthread_mutex_unlock(&jobs->lock);
	return err;
}
