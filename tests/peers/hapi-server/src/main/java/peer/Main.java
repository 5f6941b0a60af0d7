/*
 * HAPI FHIR JPA R4 in memory, from Maven Central's artifacts only: HAPI's own modules with HAPI's own defaults.
 * Base /fhir is HAPI as it comes; /strict is the same store with every request body validated first.
 * Listens on 127.0.0.1, on $PORT or a free port, and says "listening on URL" when it is ready.
 */
package peer;

import ca.uhn.fhir.batch2.jobs.config.Batch2JobsConfig;
import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.jpa.api.IDaoRegistry;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.config.ThreadPoolFactoryConfig;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.batch2.JpaBatch2Config;
import ca.uhn.fhir.jpa.binstore.DatabaseBinaryContentStorageSvcImpl;
import ca.uhn.fhir.jpa.config.HibernatePropertiesProvider;
import ca.uhn.fhir.jpa.config.r4.JpaR4Config;
import ca.uhn.fhir.jpa.config.util.HapiEntityManagerFactoryUtil;
import ca.uhn.fhir.jpa.config.util.ResourceCountCacheUtil;
import ca.uhn.fhir.jpa.dao.FulltextSearchSvcImpl;
import ca.uhn.fhir.jpa.dao.IFulltextSearchSvc;
import ca.uhn.fhir.jpa.dao.search.HSearchSortHelperImpl;
import ca.uhn.fhir.jpa.dao.search.IHSearchSortHelper;
import ca.uhn.fhir.jpa.model.config.PartitionSettings;
import ca.uhn.fhir.jpa.model.config.SubscriptionSettings;
import ca.uhn.fhir.jpa.model.dialect.HapiFhirH2Dialect;
import ca.uhn.fhir.jpa.provider.DaoRegistryResourceSupportedSvc;
import ca.uhn.fhir.jpa.provider.IJpaSystemProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.jpa.search.IStaleSearchDeletingSvc;
import ca.uhn.fhir.jpa.search.StaleSearchDeletingSvcImpl;
import ca.uhn.fhir.jpa.subscription.channel.config.SubscriptionChannelConfig;
import ca.uhn.fhir.jpa.subscription.match.config.SubscriptionProcessorConfig;
import ca.uhn.fhir.jpa.subscription.match.deliver.email.IEmailSender;
import ca.uhn.fhir.jpa.subscription.submit.config.SubscriptionSubmitterConfig;
import ca.uhn.fhir.jpa.util.ResourceCountCache;
import ca.uhn.fhir.rest.api.IResourceSupportedSvc;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import jakarta.persistence.EntityManagerFactory;
import java.util.Map;
import javax.sql.DataSource;
import org.hibernate.dialect.Dialect;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.jdbc.DataSourceAutoConfiguration;
import org.springframework.boot.autoconfigure.web.servlet.ServletWebServerFactoryAutoConfiguration;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.orm.jpa.LocalContainerEntityManagerFactoryBean;

@SpringBootConfiguration
@ImportAutoConfiguration({ServletWebServerFactoryAutoConfiguration.class, DataSourceAutoConfiguration.class})
@Import({JpaR4Config.class, ThreadPoolFactoryConfig.class, SubscriptionSubmitterConfig.class,
    SubscriptionProcessorConfig.class, SubscriptionChannelConfig.class, JpaBatch2Config.class, Batch2JobsConfig.class})
public class Main {
    public static void main(String[] arguments) {
        String port = SpringApplication.run(Main.class, arguments).getEnvironment().getProperty("local.server.port");
        System.out.println("listening on http://127.0.0.1:" + port);
    }

    // --- the two bases ---

    @Bean
    Endpoints endpoints(IFhirSystemDao<?, ?> dao, ResourceProviderFactory resources, IJpaSystemProvider system,
            JpaStorageSettings settings, ISearchParamRegistry registry, IValidationSupport support,
            DatabaseBackedPagingProvider paging) {
        return new Endpoints(dao, resources, system, settings, registry, support, paging);
    }

    @Bean
    ServletRegistrationBean<RestfulServer> fhir(Endpoints endpoints) {
        return endpoints.servlet("fhir", false);
    }

    @Bean
    ServletRegistrationBean<RestfulServer> strict(Endpoints endpoints) {
        return endpoints.servlet("strict", true);
    }

    // --- settings and services that HAPI asks for ---

    @Bean
    JpaStorageSettings storageSettings() {
        return new JpaStorageSettings();
    }

    @Bean
    PartitionSettings partitionSettings() {
        return new PartitionSettings();
    }

    @Bean
    SubscriptionSettings subscriptionSettings() {
        return new SubscriptionSettings();
    }

    @Bean
    IEmailSender emailSender() {
        return details -> { };
    }

    @Bean
    DatabaseBinaryContentStorageSvcImpl binaryStorage() {
        return new DatabaseBinaryContentStorageSvcImpl();
    }

    @Bean
    IFulltextSearchSvc fullText() {
        return new FulltextSearchSvcImpl();
    }

    @Bean
    IStaleSearchDeletingSvc staleSearches() {
        return new StaleSearchDeletingSvcImpl();
    }

    @Bean
    IHSearchSortHelper sortHelper(ISearchParamRegistry registry) {
        return new HSearchSortHelperImpl(registry);
    }

    @Bean
    IResourceSupportedSvc supported(IDaoRegistry registry) {
        return new DaoRegistryResourceSupportedSvc(registry);
    }

    @Bean(name = "myResourceCountsCache")
    ResourceCountCache counts(IFhirSystemDao<?, ?> dao) {
        return ResourceCountCacheUtil.newResourceCountCache(dao);
    }

    /** Page sizes of HAPI's starter project. */
    @Bean
    DatabaseBackedPagingProvider paging() {
        DatabaseBackedPagingProvider paging = new DatabaseBackedPagingProvider();
        paging.setDefaultPageSize(20);
        paging.setMaximumPageSize(200);
        return paging;
    }

    // --- the database ---

    @Primary
    @Bean
    HibernatePropertiesProvider dialect() {
        return new HibernatePropertiesProvider() {
            @Override
            public Dialect getDialect() {
                return new HapiFhirH2Dialect();
            }
        };
    }

    @Primary
    @Bean
    LocalContainerEntityManagerFactoryBean entityManagerFactory(DataSource source,
            ConfigurableListableBeanFactory factory, FhirContext context, JpaStorageSettings settings) {
        LocalContainerEntityManagerFactoryBean bean =
            HapiEntityManagerFactoryUtil.newEntityManagerFactory(factory, context, settings);
        bean.setPersistenceUnitName("HAPI_PU");
        bean.setDataSource(source);
        bean.setJpaPropertyMap(Map.of(
            "hibernate.dialect", HapiFhirH2Dialect.class.getName(),
            "hibernate.hbm2ddl.auto", "update",
            "hibernate.search.enabled", "false",
            "hibernate.jdbc.batch_size", "20",
            "hibernate.cache.use_query_cache", "false",
            "hibernate.cache.use_second_level_cache", "false"));
        return bean;
    }

    @Primary
    @Bean
    JpaTransactionManager transactionManager(EntityManagerFactory factory) {
        return new JpaTransactionManager(factory);
    }
}
