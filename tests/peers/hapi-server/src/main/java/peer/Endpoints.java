package peer;

import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.provider.IJpaSystemProvider;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.interceptor.RequestValidatingInterceptor;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import java.util.List;
import org.hl7.fhir.common.hapi.validation.validator.FhirDefaultPolicyAdvisor;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.r5.elementmodel.Element;
import org.hl7.fhir.r5.model.ElementDefinition;
import org.hl7.fhir.r5.model.StructureDefinition;
import org.hl7.fhir.r5.utils.validation.IMessagingServices;
import org.hl7.fhir.r5.utils.validation.IResourceValidator;
import org.hl7.fhir.utilities.validation.ValidationMessage;
import org.springframework.boot.web.servlet.ServletRegistrationBean;

/** FHIR bases over one store. */
record Endpoints(IFhirSystemDao<?, ?> dao, ResourceProviderFactory resources, IJpaSystemProvider system,
        JpaStorageSettings settings, ISearchParamRegistry registry, IValidationSupport support,
        DatabaseBackedPagingProvider paging) {

    ServletRegistrationBean<RestfulServer> servlet(String name, boolean strict) {
        RestfulServer server = new RestfulServer(dao.getContext());
        server.registerProviders(resources.createProviders());
        server.registerProvider(system);
        server.setServerConformanceProvider(
            new JpaCapabilityStatementProvider(server, dao, settings, registry, support));
        server.setPagingProvider(paging);
        server.setDefaultResponseEncoding(EncodingEnum.JSON);
        if (strict) {
            server.registerInterceptor(validation());
        }
        ServletRegistrationBean<RestfulServer> bean = new ServletRegistrationBean<>(server, "/" + name + "/*");
        bean.setName(name);
        bean.setLoadOnStartup(1);
        return bean;
    }

    private RequestValidatingInterceptor validation() {
        FhirInstanceValidator module = new FhirInstanceValidator(support);
        module.setValidatorPolicyAdvisor(new VitalSigns());
        RequestValidatingInterceptor interceptor = new RequestValidatingInterceptor();
        interceptor.setFailOnSeverity(ResultSeverityEnum.ERROR);
        interceptor.setValidatorModules(List.of(module));
        return interceptor;
    }

    /** HAPI's advisor leaves out what the specification says: vital-signs profiles hold by code, also unnamed. */
    private static class VitalSigns extends FhirDefaultPolicyAdvisor {
        @Override
        public List<StructureDefinition> getImpliedProfilesForResource(IResourceValidator validator, Object context,
                String path, ElementDefinition element, StructureDefinition structure, Element resource, boolean valid,
                IMessagingServices messaging, List<ValidationMessage> messages) {
            return getPolicyAdvisor().getImpliedProfilesForResource(validator, context, path, element, structure,
                resource, valid, messaging, messages);
        }
    }
}
